/** A gateway on a real PostgreSQL, with a log in memory that a test can look into and break. */

import { createTestDatabase } from '@kidjamo/connector-postgres/testing';
import { STREAM_MIGRATIONS } from '@kidjamo/connector-postgres';
import { KidjamoError } from '@kidjamo/stream';
import type { AppendResult, Log, LogRecord, NewRecord } from '@kidjamo/stream';
import { ManualClock, MemoryLog } from '@kidjamo/stream/testing';
import Fastify from 'fastify';
import type { FastifyInstance } from 'fastify';
import pg from 'pg';

import type { InputRecord } from '../../src/contracts/reading.ts';
import { Cipher } from '../../src/contracts/cipher.ts';
import { GATEWAY_SERVER_OPTIONS, registerGateway } from '../../src/gateway/gateway.ts';
import type { Gateway } from '../../src/gateway/gateway.ts';
import type { DependencyState } from '../../src/gateway/status.ts';

const VITALS_MIGRATIONS = { name: 'vitals', folder: new URL('../../src/migrations/', import.meta.url) };
export const NOW = Date.parse('2026-11-21T12:00:00Z');
const KEY = { id: 'test-1', key: Buffer.alloc(32, 7) };

/** A log that refuses appends while `broken` is set. */
class BreakableLog implements Log {
  readonly #inner: MemoryLog;
  broken: KidjamoError | undefined;
  /** Sizes of the appends. */
  readonly appends: number[] = [];

  constructor(inner: MemoryLog) {
    this.#inner = inner;
  }

  get name(): string {
    return this.#inner.name;
  }

  get partitions(): number {
    return this.#inner.partitions;
  }

  async append(records: readonly NewRecord[]): Promise<AppendResult> {
    if (this.broken !== undefined) throw this.broken;
    this.appends.push(records.length);
    return this.#inner.append(records);
  }

  read(partition: number, offset: number, max: number): Promise<readonly LogRecord[]> {
    return this.#inner.read(partition, offset, max);
  }

  ends(): Promise<readonly number[]> {
    return this.#inner.ends();
  }

  wait(partition: number, ms: number, signal: AbortSignal): Promise<void> {
    return this.#inner.wait(partition, ms, signal);
  }
}

/** A row of the quarantine, with its payload in clear. */
export interface HeldPayload {
  readonly quarantine_id: string;
  readonly reason: string;
  readonly field: string | null;
  readonly source: string;
  readonly status: string;
  readonly seen: number;
  readonly payload: string;
}

export class Rig {
  readonly clock = new ManualClock(NOW);
  readonly log = new BreakableLog(new MemoryLog('vitals-input', 4, this.clock));
  readonly states: Record<string, DependencyState> = { database: { ready: true } };
  readonly fastify: FastifyInstance = Fastify({ ...GATEWAY_SERVER_OPTIONS, logger: false });
  readonly pool: pg.Pool;
  readonly #drop: () => Promise<void>;
  #gateway: Gateway | undefined;

  private constructor(pool: pg.Pool, drop: () => Promise<void>) {
    this.pool = pool;
    this.#drop = drop;
  }

  static async start(options: { autoEnroll: boolean }): Promise<Rig> {
    const database = await createTestDatabase([STREAM_MIGRATIONS, VITALS_MIGRATIONS]);
    const pool = new pg.Pool({ connectionString: database.url, max: 4 });
    // Connections that are closing when the database is dropped are told so; nobody uses them any more.
    pool.on('error', () => undefined);
    const rig = new Rig(pool, () => database.drop());
    rig.#gateway = await rig.register(rig.fastify, options.autoEnroll);
    return rig;
  }

  /** Another gateway on the same store and log, as another process would be. */
  register(fastify: FastifyInstance, autoEnroll: boolean, pool: pg.Pool = this.pool): Promise<Gateway> {
    return registerGateway(fastify, {
      log: this.log,
      pool,
      clock: this.clock,
      keys: { quarantine: KEY },
      autoEnroll,
      status: {
        processedMessages: () => 42,
        kafkaConnected: () => null,
        kafkaTopics: () => [],
        dependencies: async () => this.states,
      },
    });
  }

  get gateway(): Gateway {
    if (this.#gateway === undefined) throw new KidjamoError('CONFORMANCE', 'the rig is not started');
    return this.#gateway;
  }

  async stop(): Promise<void> {
    await this.fastify.close();
    await this.pool.end();
    await this.#drop();
  }

  post(url: string, body: unknown, headers: Record<string, string> = {}) {
    return this.fastify.inject({
      method: 'POST',
      url,
      headers: { 'content-type': 'application/json', ...headers },
      payload: Buffer.isBuffer(body) || typeof body === 'string' ? body : JSON.stringify(body),
    });
  }

  /** Everything in the log, by partition and offset. */
  async records(): Promise<InputRecord[]> {
    const all: InputRecord[] = [];
    for (let partition = 0; partition < this.log.partitions; partition += 1) {
      const records = await this.log.read(partition, 0, 1_000_000);
      all.push(...records.map(({ value }) => JSON.parse(value) as InputRecord));
    }
    return all;
  }

  async held(): Promise<HeldPayload[]> {
    const { rows } = await this.pool.query<HeldPayload & { key_id: string; sealed: Buffer }>(
      'SELECT quarantine_id, reason, field, source, status, seen::integer, key_id, payload AS sealed FROM quarantine ORDER BY received_at, quarantine_id',
    );
    const cipher = new Cipher(KEY);
    return rows.map(({ key_id: keyId, sealed, ...row }) => ({ ...row, payload: cipher.open({ keyId, data: sealed }).toString('latin1') }));
  }
}

/** A time shortly before {@link NOW}: number `n` of a series. */
export const timeOf = (n: number): string => new Date(NOW - 3_600_000 + n * 1000).toISOString();

export function nestedBody(overrides: Record<string, unknown> = {}): Record<string, unknown> {
  return {
    device_id: 'bracelet-1',
    patient_id: 'patient-001-ss',
    timestamp: timeOf(0),
    measurements: {
      freq_card: 92,
      freq_resp: 18,
      spo2_pct: 96.5,
      temp_corp: 36.8,
      temp_ambiente: 22.5,
      pct_hydratation: 70,
      activity: 35,
      heat_index: 37,
    },
    device_info: {
      device_id: 'bracelet-1',
      firmware_version: '1.2.3',
      battery_level: 88,
      signal_strength: 77,
      status: 'connected',
      last_sync: timeOf(0),
    },
    quality_indicators: { quality_flag: 'ok', confidence_score: 95, data_completeness: 100, sensor_contact_quality: 90 },
    ...overrides,
  };
}
