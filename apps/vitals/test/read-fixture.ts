/** A store with readings and alerts, and a server with the read API on it, for the tests of the read side. */

import { randomUUID } from 'node:crypto';

import { PostgresLog, STREAM_MIGRATIONS, Wakeups } from '@kidjamo/connector-postgres';
import { createTestDatabase } from '@kidjamo/connector-postgres/testing';
import { systemClock } from '@kidjamo/stream';
import Fastify from 'fastify';
import type { FastifyInstance } from 'fastify';
import pg from 'pg';

import { LOGS } from '../src/contracts/logs.ts';
import type { ReadingOut } from '../src/contracts/outputs.ts';
import type { Severity, Vitals } from '../src/contracts/reading.ts';
import { breaches, FLOORS } from '../src/domain/floors.ts';
import { COLUMN_OF } from '../src/read/live/model.ts';

const MIGRATIONS = [STREAM_MIGRATIONS, { name: 'vitals', folder: new URL('../src/migrations/', import.meta.url) }];
const PARTITIONS = 4;

export interface Fixture {
  readonly pool: pg.Pool;
  readonly readings: PostgresLog;
  readonly alerts: PostgresLog;
  readonly fastify: FastifyInstance;
  /** Lets nobody reach the database, or everybody again. */
  reachable(yes: boolean): Promise<void>;
  close(): Promise<void>;
}

export async function openFixture(): Promise<Fixture> {
  const database = await createTestDatabase(MIGRATIONS);
  const pool = new pg.Pool({ connectionString: database.url, max: 6 });
  // Connections that are cut off are part of a test.
  pool.on('error', () => undefined);
  // Each fixture is a process of its own as far as wake-ups go.
  const wakeups = new Wakeups(randomUUID());
  const fastify = Fastify();
  return {
    pool,
    readings: await PostgresLog.open({ name: LOGS.readings, pool, wakeups }, PARTITIONS),
    alerts: await PostgresLog.open({ name: LOGS.alerts, pool, wakeups }, PARTITIONS),
    fastify,
    reachable: async (yes) => {
      // From another database, since this one shuts everybody out.
      const admin = new URL(database.superuserUrl);
      const name = admin.pathname.slice(1);
      admin.pathname = '/postgres';
      const client = new pg.Client({ connectionString: admin.href });
      await client.connect();
      await client.query(`ALTER DATABASE ${name} ALLOW_CONNECTIONS ${yes}`);
      if (!yes) await client.query('SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1', [name]);
      await client.end();
    },
    close: async () => {
      await fastify.close();
      wakeups.close();
      await pool.end();
      await database.drop();
    },
  };
}

export async function addPatient(
  pool: pg.Pool,
  patient: { externalId?: string; genotype?: string; birthDate?: string } = {},
): Promise<string> {
  const id = randomUUID();
  const values = [id, patient.externalId ?? null, patient.genotype ?? null, patient.birthDate ?? null];
  await pool.query('INSERT INTO patients (patient_id, external_id, genotype, birth_date) VALUES ($1, $2, $3, $4)', values);
  return id;
}

export interface ReadingFacts {
  readonly patient: string;
  /** ISO 8601, or ms. */
  readonly at?: string | number;
  readonly vitals?: Vitals;
  readonly lowConfidence?: boolean;
  readonly quality?: string;
  readonly imported?: boolean;
}

/** Stores a reading as the task's commit does: the row, and the record in the output log. */
export async function addReading(fixture: Pick<Fixture, 'pool' | 'readings'>, facts: ReadingFacts): Promise<string> {
  const id = await storeReading(fixture.pool, facts);
  const at = toMs(facts.at);
  const record: ReadingOut = {
    message_id: id,
    patient_id: facts.patient,
    device_id: facts.patient,
    recorded_at: at,
    received_at: systemClock.now(),
    source: 'api',
    imported: facts.imported ?? false,
    late: false,
    breaches: breaches(facts.vitals ?? {}),
    quality: [],
    quality_flag: facts.quality ?? 'ok',
    low_confidence: facts.lowConfidence ?? false,
    age_band: 'G5',
    correlation: 'test',
    ...facts.vitals,
  };
  await fixture.readings.append([{ partition: 1, key: facts.patient, value: JSON.stringify(record) }]);
  return id;
}

/** Stores a reading without telling anybody. */
export async function storeReading(pool: pg.Pool, facts: ReadingFacts): Promise<string> {
  const id = randomUUID();
  const vitals = Object.entries(facts.vitals ?? {});
  const columns = vitals.map(([vital]) => COLUMN_OF[vital as keyof Vitals]);
  await pool.query(
    `INSERT INTO measurements (${[
      'message_id, patient_id, device_id, recorded_at, received_at, quality_flag, breaches, low_confidence, late, imported, source, age_band, digest, correlation_id',
      ...columns,
    ].join(', ')})
     VALUES ($1, $2, $2, $3, now(), $4, $5, $6, false, $7, 'api', 'G5', 'd', 'test'${columns.map((_, i) => `, $${i + 8}`).join('')})`,
    [
      id,
      facts.patient,
      typeof facts.at === 'string' ? facts.at : new Date(toMs(facts.at)),
      facts.quality ?? 'ok',
      breaches(facts.vitals ?? {}),
      facts.lowConfidence ?? false,
      facts.imported ?? false,
      ...vitals.map(([, value]) => value),
    ],
  );
  return id;
}

export interface AlertFacts {
  readonly patient: string | null;
  readonly type?: string;
  readonly severity?: Severity;
  /** ISO 8601. */
  readonly createdAt?: string;
  readonly resolvedAt?: string;
  readonly imported?: boolean;
  readonly uncertain?: boolean;
  readonly title?: string;
}

/** Stores an alert without telling anybody. */
export async function storeAlert(pool: pg.Pool, facts: AlertFacts): Promise<string> {
  const id = randomUUID();
  const type = facts.type ?? 'CRITICAL_SPO2';
  const title = facts.title ?? (type in FLOORS ? FLOORS[type as keyof typeof FLOORS].title.fr : type);
  await pool.query(
    `INSERT INTO alerts (alert_id, patient_id, alert_type, severity, title, message, vitals_snapshot, trigger_conditions, imported, uncertain,
                         first_seen_at, last_seen_at, created_at, updated_at, ack_deadline, resolved_at, created_by_system, correlation_id)
     VALUES ($1, $2, $3, $4, $5, '', '{"spo2": 80}', ARRAY[$3], $6, $7, $8, $8, $8, $8, $8, $9, 'engine', 'test')`,
    [
      id,
      facts.patient,
      type,
      facts.severity ?? 'critical',
      title,
      facts.imported ?? false,
      facts.uncertain ?? false,
      facts.createdAt ?? new Date(systemClock.now()).toISOString(),
      facts.resolvedAt ?? null,
    ],
  );
  return id;
}

/** Stores an alert as the task's commit does: the row, and the record in the output log. */
export async function raiseAlert(fixture: Pick<Fixture, 'pool' | 'alerts'>, facts: AlertFacts): Promise<string> {
  const id = await storeAlert(fixture.pool, facts);
  await fixture.alerts.append([{ partition: 2, key: facts.patient ?? 'none', value: JSON.stringify({ alert_id: id }) }]);
  return id;
}

function toMs(at: string | number | undefined): number {
  return typeof at === 'string' ? Date.parse(at) : (at ?? systemClock.now());
}
