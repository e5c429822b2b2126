/** The examination behind `kidjamo doctor`. It changes nothing and starts nothing. */

import { statfs } from 'node:fs/promises';

import { abandonedGroups } from '@kidjamo/connector-postgres';
import { KidjamoError, systemClock } from '@kidjamo/stream';
import type { Pool } from 'pg';

import type { Settings } from '../config/settings.ts';
import { describeError } from '../roles/logger.ts';
import { findInstance } from './instance.ts';
import type { RunningInstance } from './instance.ts';
import { examineKafka } from './kafka-checks.ts';
import { lagOf, readPlaces, sumLags } from './lag.ts';
import type { Place } from './lag.ts';
import { pendingSets } from './migrations.ts';
import { notifyCheck } from './notify-check.ts';
import { makePool } from './pool.ts';
import type { Ends } from './topic-ends.ts';

/** One thing looked at. */
export interface Check {
  readonly name: string;
  readonly ok: boolean;
  readonly detail: string;
  readonly remedy?: string;
}

/** All that was found. */
export interface Report {
  readonly ok: boolean;
  readonly api_url: string | null;
  readonly database_url: string | null;
  readonly lake: string | null;
  readonly home: string;
  readonly pid: number | null;
  readonly checks: readonly Check[];
}

const OLDEST_NODE = 24;
/** Lag beyond which the pipeline counts as behind. */
const MUCH_LAG = 100_000;

export async function examine(settings: Settings): Promise<Report> {
  const instance = await findInstance(settings);
  const kafka = await examineKafka(settings);
  const checks: Check[] = [nodeCheck(), await diskCheck(settings, instance?.home ?? settings.KIDJAMO_HOME), ...kafka.checks];
  if (instance === undefined) {
    checks.push({ name: 'instance', ok: false, detail: 'none is running for this home', remedy: 'start one: kidjamo up' });
  } else {
    checks.push(
      { name: 'instance', ok: true, detail: `process ${instance.pid}` },
      await gatewayCheck(instance),
      ...(await databaseChecks(instance, settings, kafka.ends)),
    );
  }
  return {
    ok: checks.every((check) => check.ok),
    api_url: instance?.apiUrl ?? null,
    database_url: instance?.databaseUrl ?? null,
    lake: instance?.lakeRoot ?? null,
    home: settings.KIDJAMO_HOME,
    pid: instance?.pid ?? null,
    checks,
  };
}

function nodeCheck(): Check {
  const major = Number(process.versions.node.split('.')[0]);
  return {
    name: 'node',
    ok: major >= OLDEST_NODE,
    detail: process.versions.node,
    ...(major < OLDEST_NODE ? { remedy: 'run it through bin/kidjamo.mjs' } : {}),
  };
}

async function diskCheck(settings: Settings, home: string): Promise<Check> {
  // A home that does not exist yet will most likely be on the disk of this folder.
  const { bavail, bsize } = await statfs(home).catch(() => statfs('.'));
  const free = Math.floor((bavail * bsize) / 2 ** 20);
  const ok = free > settings.KIDJAMO_DISK_RESERVE_MB;
  return {
    name: 'disk',
    ok,
    detail: `${free} MB free`,
    ...(ok ? {} : { remedy: 'free some space: below the reserve the gateway answers 503' }),
  };
}

async function gatewayCheck(instance: RunningInstance): Promise<Check> {
  try {
    const response = await fetch(`${instance.apiUrl}/ready`, { signal: AbortSignal.timeout(5000) });
    const detail = response.ok ? 'ready' : `not ready (${response.status})`;
    return { name: 'gateway', ok: response.ok, detail, ...(response.ok ? {} : { remedy: 'GET /ready tells which dependency is away' }) };
  } catch (error) {
    return { name: 'gateway', ok: false, detail: `does not answer (${describeError(error).code})`, remedy: 'see the log of the process' };
  }
}

async function databaseChecks(instance: RunningInstance, settings: Settings, ends: () => Promise<Ends>): Promise<Check[]> {
  const pool = makePool({ url: instance.databaseUrl, name: 'doctor', max: 1, statementTimeout: 10_000 }, () => undefined);
  try {
    const version = await pool.query<{ server_version: string }>('SHOW server_version');
    return [
      { name: 'database', ok: true, detail: `PostgreSQL ${version.rows[0]?.server_version ?? '?'}` },
      await migrationCheck(pool),
      ...lagChecks(await readPlaces(pool, ends)),
      ...(await abandonedChecks(pool, settings.KIDJAMO_RETENTION_HOURS)),
      await notifyCheck(pool, settings),
      await countCheck(pool, {
        name: 'dead letters',
        sql: `SELECT count(*)::int AS n FROM stream.dead_letter l
               WHERE NOT EXISTS (SELECT FROM stream.dead_letter_decision d
                                  WHERE (d.log, d.consumer_group, d.partition, d.record_offset)
                                      = (l.log, l.consumer_group, l.partition, l.record_offset))`,
        remedy: 'kidjamo dlq list shows them',
      }),
      await countCheck(pool, {
        name: 'quarantine',
        sql: `SELECT count(*)::int AS n FROM quarantine WHERE status = 'held' AND device_id IS NOT NULL`,
        remedy: 'readings wait for an assignment: kidjamo device assign',
      }),
    ];
  } catch (error) {
    const { code, message } = describeError(error);
    return [
      { name: 'database', ok: false, detail: message ?? `does not answer (${code})`, remedy: 'kidjamo up starts the embedded one again' },
    ];
  } finally {
    await pool.end();
  }
}

async function migrationCheck(pool: Pool): Promise<Check> {
  try {
    const pending = await pendingSets(pool);
    return pending.length === 0
      ? { name: 'migrations', ok: true, detail: 'all applied' }
      : { name: 'migrations', ok: false, detail: `${pending.length} not applied`, remedy: 'kidjamo migrate' };
  } catch (error) {
    if (error instanceof KidjamoError) return { name: 'migrations', ok: false, detail: error.message };
    throw error;
  }
}

function lagChecks(places: readonly Place[]): Check[] {
  return sumLags(places).map(({ log, group, lag, end }) => {
    const own = places.filter((place) => place.log === log && place.group === group);
    const behind = own.filter((place) => lagOf(place) > 0).map((place) => `${lagOf(place)} in partition ${place.partition}`);
    const name = `group ${group}`;
    // Only a topic can be made anew under its readers.
    const beyond = own.find((place) => place.next > place.end);
    if (beyond !== undefined) {
      const detail = `is at ${beyond.next} of partition ${beyond.partition} of ${log}, which ends at ${beyond.end}: the topic was made anew`;
      return { name, ok: false, detail, remedy: 'restore the topic, or begin with another database and send the readings to it' };
    }
    const ok = lag < MUCH_LAG;
    return {
      name,
      ok,
      detail: `${lag} records behind of ${end}${behind.length === 0 ? '' : `: ${behind.join(', ')}`}`,
      ...(ok ? {} : { remedy: 'is a worker running? see its log' }),
    };
  });
}

async function abandonedChecks(pool: Pool, hours: number): Promise<Check[]> {
  const before = systemClock.now() - hours * 3_600_000;
  return (await abandonedGroups(pool, before)).map(({ log, group, since }) => ({
    name: `group ${group} is abandoned`,
    ok: false,
    detail: `nobody reads ${log} for it, which is kept for it since ${since.toISOString()}`,
    remedy: `start its worker again, or let the log go: kidjamo retire ${group}`,
  }));
}

async function countCheck(pool: Pool, count: { name: string; sql: string; remedy: string }): Promise<Check> {
  const { rows } = await pool.query<{ n: number }>(count.sql);
  const n = rows[0]?.n ?? 0;
  return { name: count.name, ok: true, detail: String(n), ...(n > 0 ? { remedy: count.remedy } : {}) };
}
