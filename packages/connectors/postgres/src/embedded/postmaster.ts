/** One run of the server process: found where it already runs, started where it does not, stopped. */

import type { ChildProcess } from 'node:child_process';
import { spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { open, rename, stat } from 'node:fs/promises';
import { join } from 'node:path';

import type { Clock } from '@kidjamo/stream';

import { programFailure } from './cluster.ts';
import type { ServerConfiguration } from './configuration.ts';
import type { Placement } from './placement.ts';
import { isReady, readServer } from './postmaster-file.ts';
import { isRunning, processStart } from './process-table.ts';
import type { ProcessIdentity } from './process-table.ts';
import { program } from './server-binaries.ts';
import { sendSignal } from './server-processes.ts';
import type { ServerPlace } from './server-processes.ts';
import { serverEnvironment } from './server-user.ts';

/** A server process that takes connections. */
export interface Postmaster {
  readonly process: ProcessIdentity;
  readonly port: number;
}

/** How a start ended. */
export type StartOutcome =
  | { readonly kind: 'started'; readonly postmaster: Postmaster }
  | { readonly kind: 'port-taken' }
  /** Processes of a server that died still hold its memory; they end within moments. */
  | { readonly kind: 'busy'; readonly reason: string };

/** What a start needs besides the places. */
export interface StartOptions {
  readonly configuration: ServerConfiguration;
  readonly port: number;
  readonly clock: Clock;
  /** Ends the attempt. */
  readonly signal: AbortSignal;
}

const POLL_MS = 20;
/** For a server that is not our child: each look asks the system for all processes. */
const FOREIGN_POLL_MS = 100;
/** A log larger than this is put aside at the next start. */
const LOG_LIMIT_BYTES = 10_000_000;
/** Replaying the log after a crash may take minutes, but not this long, ms. */
const START_LIMIT_MS = 15 * 60_000;

/** The server that already works on this data folder, once it is neither starting nor stopping; undefined when there is none. */
export async function findPostmaster(place: ServerPlace, clock: Clock, signal: AbortSignal): Promise<Postmaster | undefined> {
  while (!signal.aborted) {
    const found = await readServer(place);
    if (found === undefined) return undefined;
    if (found.status === 'ready' && found.port !== undefined) return { process: found.process, port: found.port };
    await clock.sleep(FOREIGN_POLL_MS, signal);
  }
  return undefined;
}

/**
 * Starts the server and waits until it takes connections.
 * @throws KidjamoError DISK_FULL or DATABASE_START when it ends instead.
 */
export async function startPostmaster(placement: Placement, options: StartOptions): Promise<StartOutcome> {
  const { clock, port, signal } = options;
  const logFile = join(placement.folder, 'server.log');
  await rotate(logFile);
  const from = (await stat(logFile).catch(() => undefined))?.size ?? 0;
  const child = launch(placement, options, logFile);
  const state: { ended?: string } = {};
  child.once('error', (error) => {
    state.ended = error.message;
  });
  child.once('exit', (code, by) => {
    state.ended ??= `it ended with ${by ?? code ?? 'nothing'}`;
  });
  const deadline = clock.now() + START_LIMIT_MS;
  while (state.ended === undefined) {
    await clock.sleep(POLL_MS, signal);
    if (child.pid !== undefined && (await isReady(placement.dataFolder, child.pid))) {
      const start = processStart(child.pid);
      if (start !== undefined) return { kind: 'started', postmaster: { process: { pid: child.pid, start }, port } };
    }
    if (signal.aborted || clock.now() > deadline) {
      if (child.pid !== undefined) await stopPostmaster({ process: { pid: child.pid, start: processStart(child.pid) ?? '' }, port }, clock);
      state.ended ??= signal.aborted ? 'it was stopped before it was ready' : 'it was not ready in time';
    }
  }
  return judge(placement.folder, await tail(logFile, from), state.ended);
}

/** Longest that open transactions are given to roll back, and then the server to drop everything, ms. */
const FAST_MS = 30_000;
const IMMEDIATE_MS = 10_000;

/**
 * Stops the server: open transactions are rolled back and a checkpoint is written (what `pg_ctl stop -m fast` does, by the same signal,
 * but only to the very process that was started or adopted). When that takes too long it is ended at once, which costs no data.
 */
export async function stopPostmaster(postmaster: Postmaster, clock: Clock): Promise<void> {
  for (const [signal, patience] of [
    ['SIGINT', FAST_MS],
    ['SIGQUIT', IMMEDIATE_MS],
  ] as const) {
    if (!isRunning(postmaster.process)) return;
    sendSignal(postmaster.process.pid, signal);
    const deadline = clock.now() + patience;
    while (isRunning(postmaster.process) && clock.now() < deadline) await clock.sleep(POLL_MS);
  }
  await killPostmaster(postmaster, clock);
}

/** Ends a server that does not react any more. The next start replays its log. */
export async function killPostmaster(postmaster: Postmaster, clock: Clock): Promise<void> {
  while (isRunning(postmaster.process)) {
    sendSignal(postmaster.process.pid, 'SIGKILL');
    await clock.sleep(POLL_MS);
  }
}

function launch(placement: Placement, options: StartOptions, logFile: string): ChildProcess {
  const { configFile, hbaFile } = options.configuration;
  const log = openSync(logFile, 'a', 0o600);
  try {
    const args = ['-D', placement.dataFolder, '-c', `config_file=${configFile}`, '-c', `hba_file=${hbaFile}`, '-p', String(options.port)];
    const child = spawn(program(placement.binaries, 'postgres'), args, {
      ...placement.user,
      cwd: '/',
      env: serverEnvironment(),
      stdio: ['ignore', log, log],
      // A session of its own: Ctrl-C in a terminal is for Kidjamo, which then stops the server in order.
      detached: true,
    });
    child.unref();
    return child;
  } finally {
    closeSync(log);
  }
}

async function judge(folder: string, output: string, ended: string): Promise<StartOutcome> {
  if (/Address already in use|could not create any TCP\/IP sockets/.test(output)) return { kind: 'port-taken' };
  const busy = /.*(pre-existing shared memory block|lock file "postmaster\.pid").*/.exec(output);
  if (busy !== null && !output.includes('No space left')) return { kind: 'busy', reason: busy[0] };
  throw await programFailure(folder, output, ended);
}

async function rotate(logFile: string): Promise<void> {
  const size = (await stat(logFile).catch(() => undefined))?.size ?? 0;
  if (size > LOG_LIMIT_BYTES) await rename(logFile, `${logFile}.1`);
}

/** What was written to the log since `from`. */
async function tail(logFile: string, from: number): Promise<string> {
  const file = await open(logFile, 'r');
  try {
    const { size } = await file.stat();
    const { buffer, bytesRead } = await file.read(Buffer.alloc(Math.min(65_536, Math.max(0, size - from))), { position: from });
    return buffer.toString('utf8', 0, bytesRead);
  } finally {
    await file.close();
  }
}
