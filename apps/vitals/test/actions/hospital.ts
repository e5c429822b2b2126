/** A store with people, the task running on it, and a server with the routes of people's actions: everything real, in one process. */

import { randomUUID } from 'node:crypto';

import { PostgresLog, PostgresMembership, PostgresTaskStore, STREAM_MIGRATIONS, Wakeups } from '@kidjamo/connector-postgres';
import { createTestDatabase } from '@kidjamo/connector-postgres/testing';
import { runGroup, systemClock, TaskRunner } from '@kidjamo/stream';
import type { RuntimeObserver } from '@kidjamo/stream';
import Fastify from 'fastify';
import type { FastifyInstance } from 'fastify';
import pg from 'pg';

import type { Identification } from '../../src/actions/identify.ts';
import { registerActions } from '../../src/actions/routes.ts';
import { Cipher } from '../../src/contracts/cipher.ts';
import { LOGS } from '../../src/contracts/logs.ts';
import { partitionOf } from '../../src/contracts/partition.ts';
import type { InputRecord } from '../../src/contracts/reading.ts';
import { People } from '../../src/people/people.ts';
import { VitalsStore } from '../../src/pipeline/store.ts';
import { createVitalsTask } from '../../src/pipeline/task.ts';
import { OPERATOR } from '../../src/read/actor.ts';
import { registerReadApi } from '../../src/read/routes.ts';
import { reading } from '../task/rig.ts';

const MIGRATIONS = [STREAM_MIGRATIONS, { name: 'vitals', folder: new URL('../../src/migrations/', import.meta.url) }];
const PARTITIONS = 2;

/** What an answer looks like, whatever it is. */
export interface Answer {
  readonly status: number;
  readonly type: string;
  readonly body: Readonly<Record<string, unknown>>;
}

export interface LogEntry {
  readonly status: string;
  readonly from_status: string | null;
  readonly to_status: string | null;
  readonly changed_by: string | null;
  readonly changed_by_name: string | null;
  readonly comment: string | null;
  readonly action_id: string | null;
}

export class Hospital {
  readonly pool: pg.Pool;
  readonly people: People;
  readonly log: PostgresLog;
  readonly #server: FastifyInstance;
  readonly #close: () => Promise<void>;
  readonly #outputs: ReadonlyMap<string, PostgresLog>;
  readonly #wakeups: Wakeups;

  private constructor(parts: {
    readonly pool: pg.Pool;
    readonly log: PostgresLog;
    readonly outputs: ReadonlyMap<string, PostgresLog>;
    readonly wakeups: Wakeups;
    readonly server: FastifyInstance;
    readonly close: () => Promise<void>;
  }) {
    this.pool = parts.pool;
    this.log = parts.log;
    this.people = new People({ pool: parts.pool, clock: systemClock });
    this.#outputs = parts.outputs;
    this.#wakeups = parts.wakeups;
    this.#server = parts.server;
    this.#close = parts.close;
  }

  /** `patience` as the routes have it, ms. */
  static async open(options: { readonly patience?: number; readonly identification?: Identification } = {}): Promise<Hospital> {
    const { patience = 30_000, identification = { token: '', strict: false } } = options;
    const database = await createTestDatabase(MIGRATIONS);
    const pool = new pg.Pool({ connectionString: database.url, max: 12 });
    pool.on('error', () => undefined);
    const wakeups = new Wakeups(randomUUID());
    const open = (name: string): Promise<PostgresLog> => PostgresLog.open({ name, pool, wakeups }, PARTITIONS);
    const outputs = new Map<string, PostgresLog>();
    for (const name of Object.values(LOGS)) if (name !== LOGS.input) outputs.set(name, await open(name));
    const log = await open(LOGS.input);
    const server = Fastify({ logger: false });
    registerActions(server, { pool, clock: systemClock, log, patience, identification });
    registerReadApi(server, { pool, clock: systemClock });
    await server.ready();
    const close = async (): Promise<void> => {
      await server.close();
      wakeups.close();
      await pool.end();
      await database.drop();
    };
    return new Hospital({ pool, log, outputs, wakeups, server, close });
  }

  close(): Promise<void> {
    return this.#close();
  }

  /** Runs the task until the function answered is called. */
  work(): () => Promise<void> {
    const stop = new AbortController();
    const store = new PostgresTaskStore({
      pool: this.pool,
      wakeups: this.#wakeups,
      writer: new VitalsStore(new Cipher({ id: 'k', key: Buffer.alloc(32, 7) })),
      outputs: new Map([...this.#outputs].map(([name, { partitions }]) => [name, partitions])),
    });
    const observer: RuntimeObserver = { committed: () => undefined, failed: () => undefined, assigned: () => undefined };
    const membership = new PostgresMembership({
      ...{ pool: this.pool, clock: systemClock, log: LOGS.input, group: 'vitals', member: randomUUID(), ttl: 2000, patience: 500 },
    });
    const runner = {
      ...{ task: createVitalsTask(), log: this.log, store, clock: systemClock, observer, random: Math.random },
      ...{ maxBatch: 1000, piece: 500, pollEvery: 50, pace: 5, cachedStates: 1000, backoff: { initial: 50, max: 500 } },
    };
    const group = {
      ...{ group: 'vitals', membership, clock: systemClock, observer, heartbeatEvery: 200 },
      work: (lease: ConstructorParameters<typeof TaskRunner>[1], signal: AbortSignal) => new TaskRunner(runner, lease).run(signal),
    };
    const running = runGroup(group, stop.signal);
    return async () => {
      stop.abort();
      await running;
    };
  }

  async append(record: InputRecord): Promise<void> {
    const partition = partitionOf(record.patient, this.log.partitions);
    await this.log.append([{ partition, key: record.patient, value: JSON.stringify(record) }]);
  }

  /** A reading that breaches a floor, now. */
  async breach(patient: string): Promise<void> {
    const now = systemClock.now();
    await this.append(reading({ patient, device: randomUUID(), at: now, received: now, vitals: { spo2: 80 } }));
  }

  async patient(): Promise<string> {
    const id = randomUUID();
    await this.pool.query('INSERT INTO patients (patient_id) VALUES ($1)', [id]);
    return id;
  }

  /** A user of that first name. */
  async user(first: string, role: 'parent' | 'medecin' = 'parent'): Promise<string> {
    return (await this.people.addPerson(OPERATOR, { role, first_name: first, last_name: 'Diallo' })).user_id;
  }

  async clinician(first: string): Promise<string> {
    const id = await this.user(first, 'medecin');
    await this.people.setClinician(OPERATOR, { user_id: id, license_number: randomUUID() });
    return id;
  }

  async post(path: string, body: unknown, headers: Readonly<Record<string, string>> = {}): Promise<Answer> {
    const payload = typeof body === 'string' || Buffer.isBuffer(body) ? body : JSON.stringify(body);
    const given = body === undefined ? {} : { payload, headers: { 'content-type': 'application/json', ...headers } };
    const answer = await this.#server.inject({ method: 'POST', url: path, headers, ...given });
    return { status: answer.statusCode, type: String(answer.headers['content-type']), body: JSON.parse(answer.body) as Answer['body'] };
  }

  /** Asks as a person. */
  act(alert: string, action: string, as: { readonly person: string; readonly body?: unknown; readonly key?: string }): Promise<Answer> {
    const key = as.key === undefined ? {} : { 'idempotency-key': as.key };
    return this.post(`/api/v1/alerts/${alert}/${action}`, as.body, { 'x-kidjamo-person': as.person, ...key });
  }

  async get(path: string): Promise<Answer> {
    const answer = await this.#server.inject({ method: 'GET', url: path });
    return { status: answer.statusCode, type: String(answer.headers['content-type']), body: JSON.parse(answer.body) as Answer['body'] };
  }

  async remove(path: string): Promise<Answer> {
    const answer = await this.#server.inject({ method: 'DELETE', url: path });
    return { status: answer.statusCode, type: String(answer.headers['content-type']), body: JSON.parse(answer.body) as Answer['body'] };
  }

  /** What was done about an alert, without who was called for it. */
  async story(alert: string): Promise<readonly LogEntry[]> {
    const items = (await this.get(`/api/v1/alerts/${alert}/log?limit=1000`)).body['items'] as LogEntry[];
    return items.filter(({ status }) => status !== 'called' && status !== 'escalated');
  }
}
