/**
 * What every process stands on: a home, keys and a database.
 *
 * | asked for                          | home            | database                                  |
 * |------------------------------------|-----------------|-------------------------------------------|
 * | `own`, no DATABASE_URL and PG*     | owned (locked)  | embedded, started or adopted, supervised  |
 * | `own`, with DATABASE_URL or PG*    | owned (locked)  | the one given                             |
 * | `join`, with DATABASE_URL or PG*   | read            | the one given                             |
 * | `join`, without                    | another's, read | that of the instance that owns the home   |
 */

import { mkdir, realpath } from 'node:fs/promises';
import { join, resolve } from 'node:path';

import { startEmbeddedPostgres } from '@kidjamo/connector-postgres';
import type { EmbeddedPostgres } from '@kidjamo/connector-postgres';
import { KidjamoError, systemClock } from '@kidjamo/stream';

import { inputMode } from '../config/kafka.ts';
import type { Settings } from '../config/settings.ts';
import { openHome, openKeys, readInstance } from '../home/index.ts';
import type { Home, Keys } from '../home/index.ts';
import type { RoleLogger } from '../roles/logger.ts';
import { isRefused, isStarting } from './database-away.ts';
import { checkIdentity } from './identity.ts';
import { checkInputMode } from './input-mode.ts';
import { migrateAll, pendingSets } from './migrations.ts';
import { makePool } from './pool.ts';

export interface Stack {
  /** Absolute path of the home. */
  readonly home: string;
  readonly databaseUrl: string;
  readonly lakeRoot: string;
  readonly keys: Keys;
  /** Whether this process owns the home. */
  readonly owner: boolean;
  /** False when this process must leave the lake to others, since it has other keys or another lake folder than the database was set up with. */
  readonly lakeUsable: boolean;
  /** Lines for the person who started it. */
  readonly notices: readonly string[];
  /** Tells other commands where the gateway is. */
  announce(apiUrl: string): Promise<void>;
  /** Stops what this process started, and gives the home back. */
  close(): Promise<void>;
}

/** How to open a stack. */
export interface StackOptions {
  readonly settings: Settings;
  readonly mode: 'own' | 'join';
  /** Apply migrations: the demo does, elsewhere a person does (`kidjamo migrate`). */
  readonly migrate: boolean;
  readonly logger: RoleLogger;
  readonly env: Readonly<Record<string, string | undefined>>;
}

export const VERSION = '0.1.0';

/** @throws KidjamoError HOME_LOCKED, INSTANCE_UNREACHABLE, DATABASE_*, CONFIG_INVALID, each with its remedy. */
export async function openStack(options: StackOptions): Promise<Stack> {
  return options.mode === 'join' ? joinStack(options) : ownStack(options);
}

async function ownStack(options: StackOptions): Promise<Stack> {
  const { settings, logger, env } = options;
  const home = await openHome({ path: settings.KIDJAMO_HOME, clock: systemClock });
  let server: EmbeddedPostgres | undefined;
  const watching = new AbortController();
  const close = async (): Promise<void> => {
    watching.abort();
    await server?.stop();
    await home.close();
  };
  try {
    const keys = await home.keys(env);
    const given = externalDatabase(settings, env);
    if (given === undefined) {
      if (settings.KIDJAMO_ENV === 'production') {
        throw new KidjamoError(
          'CONFIG_INVALID',
          'DATABASE_URL is required with KIDJAMO_ENV=production: the embedded database is for one machine',
        );
      }
      server = await startEmbeddedPostgres({ dataHome: home.path, password: keys.database, clock: systemClock, log: logger });
      void server.supervise(watching.signal);
    }
    const databaseUrl = given ?? server?.url ?? '';
    const prepared = await prepareWhenUp({
      ...options,
      supervised: server !== undefined,
      keys,
      databaseUrl,
      lakeRoot: lakeRoot(settings, home.path),
    });
    return {
      home: home.path,
      databaseUrl,
      keys,
      owner: true,
      ...prepared,
      notices: [...(server?.notices ?? []), ...prepared.notices],
      announce: (apiUrl) => announce(home, { apiUrl, databaseUrl }),
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

async function joinStack(options: StackOptions): Promise<Stack> {
  const { settings, env } = options;
  const { home, databaseUrl } = await findJoined(settings, env);
  const keys = await openKeys(home, env);
  // Its owner runs, and starts a server that died again.
  const prepared = await prepareWhenUp({
    ...options,
    supervised: true,
    migrate: false,
    keys,
    databaseUrl,
    lakeRoot: lakeRoot(settings, home),
  });
  return {
    home,
    databaseUrl,
    keys,
    owner: false,
    ...prepared,
    announce: () => Promise.resolve(),
    close: () => Promise.resolve(),
  };
}

/** The database to share: the one given, or that of the process that owns the home. */
async function findJoined(
  settings: Settings,
  env: Readonly<Record<string, string | undefined>>,
): Promise<{ readonly home: string; readonly databaseUrl: string }> {
  const path = resolve(settings.KIDJAMO_HOME);
  const given = externalDatabase(settings, env);
  if (given !== undefined) {
    await mkdir(path, { recursive: true, mode: 0o700 });
    return { home: await realpath(path), databaseUrl: given };
  }
  const home = await realpath(path).catch(() => undefined);
  const instance = home === undefined ? null : await readInstance(home);
  if (home === undefined || instance === null) {
    throw new KidjamoError(
      'INSTANCE_UNREACHABLE',
      'there is no running instance to join on this home: start one with `kidjamo up` or `kidjamo gateway`, or set DATABASE_URL',
    );
  }
  return { home, databaseUrl: instance.database_url };
}

function announce(home: Home, urls: { apiUrl: string; databaseUrl: string }): Promise<void> {
  return home.announce({
    api_url: urls.apiUrl,
    database_url: urls.databaseUrl,
    started_at: new Date(systemClock.now()).toISOString(),
    version: VERSION,
  });
}

/** An address given by DATABASE_URL or the PG* variables, or undefined. */
export function externalDatabase(settings: Settings, env: Readonly<Record<string, string | undefined>>): string | undefined {
  if (settings.DATABASE_URL !== '') return settings.DATABASE_URL;
  const { PGHOST: host, PGPORT: port, PGUSER: user, PGPASSWORD: password, PGDATABASE: database } = env;
  if (host === undefined || host === '') return undefined;
  const url = new URL('postgres://localhost');
  if (host.startsWith('/')) url.searchParams.set('host', host);
  else url.hostname = host;
  url.port = port ?? '5432';
  url.username = encodeURIComponent(user ?? 'kidjamo');
  url.password = encodeURIComponent(password ?? '');
  url.pathname = `/${encodeURIComponent(database ?? user ?? 'kidjamo')}`;
  return url.href;
}

export function lakeRoot(settings: Settings, home: string): string {
  return settings.KIDJAMO_LAKE === '' ? join(home, 'lake') : resolve(settings.KIDJAMO_LAKE);
}

interface Preparation {
  /** Somebody starts the server again when it dies. */
  readonly supervised: boolean;
  readonly settings: Settings;
  readonly migrate: boolean;
  readonly databaseUrl: string;
  readonly lakeRoot: string;
  readonly keys: Keys;
}

/** Least major version of PostgreSQL that the SQL is written for. */
const OLDEST_SERVER = 15;

type Prepared = Pick<Stack, 'lakeUsable' | 'lakeRoot' | 'notices'>;

/** How long a database that is starting may take to take calls, ms: one that was killed reads its log first. */
const STARTS_WITHIN = 60_000;
const LOOK_EVERY = 200;

/** Prepares as soon as the database takes calls: it may be starting again just now. */
async function prepareWhenUp(what: Preparation): Promise<Prepared> {
  const until = systemClock.now() + STARTS_WITHIN;
  for (;;) {
    try {
      return await prepare(what);
    } catch (error) {
      const comesBack = isStarting(error) || (what.supervised && isRefused(error));
      if (!comesBack || systemClock.now() >= until) throw error;
    }
    await systemClock.sleep(LOOK_EVERY);
  }
}

async function prepare(what: Preparation): Promise<Prepared> {
  const pool = makePool({ url: what.databaseUrl, name: 'start', max: 2 }, () => undefined);
  try {
    const { rows } = await pool.query<{ server_version_num: string }>('SHOW server_version_num');
    const major = Math.floor(Number(rows[0]?.server_version_num ?? 0) / 10_000);
    if (major < OLDEST_SERVER) {
      throw new KidjamoError('DATABASE_VERSION', `the server is PostgreSQL ${major}; ${OLDEST_SERVER} or younger is needed`);
    }
    if (what.migrate) await migrateAll(pool);
    else {
      const pending = await pendingSets(pool);
      if (pending.length > 0)
        throw new KidjamoError('CONFIG_INVALID', `${pending.length} migrations are not applied to this database: run \`kidjamo migrate\``);
    }
    await checkInputMode(pool, {
      mode: inputMode(what.settings),
      topicsKeyId: what.keys.pseudonym.topics.id,
      sealedKeyId: what.keys.sealed.id,
    });
    const identity = await checkIdentity(pool, { lakeKeyId: what.keys.pseudonym.lake.id, lakeRoot: what.lakeRoot });
    return { lakeUsable: identity.lakeUsable, lakeRoot: what.lakeRoot, notices: identity.notices };
  } finally {
    await pool.end();
  }
}
