/** What happens to a gateway, three workers, three brokers and PostgreSQL while readings come in, in an order that a seed decides. */
import { setTimeout as delay } from 'node:timers/promises';
import type { KafkaLog } from '@kidjamo/connector-kafka';
import type { KafkaConnection } from '@kidjamo/connector-kafka';
import type { TestCluster } from '@kidjamo/connector-kafka/testing';
import { seededRandom, TOPICS, type Random } from '@kidjamo/vitals';
import { expect } from 'vitest';
import type { Environment, Home } from './kidjamo.ts';
import { killPostmaster } from './kills.ts';
import { openTopic } from './kafka-topics.ts';
import { Worker, type Fenced } from './kafka-workers.ts';

/** Each once in every round. */
export const FAULTS = [
  'a worker is killed',
  'a worker is stopped in a commit',
  'a worker is stopped between commits',
  'a broker is killed',
  'PostgreSQL is stopped at once',
] as const;

export type Fault = (typeof FAULTS)[number];

/** What was done, for the report. */
export interface Done {
  readonly fault: Fault;
  /** Which one: worker or broker, from 0. */
  readonly which?: number;
  readonly fenced?: Fenced;
}

const WORKERS = 3;
const BROKERS = 3;
/** ms until what was killed is started again. */
const AWAY = [500, 4000] as const;
const RESTARTS_WITHIN = 90_000;
const BEGINS_WITHIN = 60_000;

/** The faults of so many rounds, those of each shuffled (Fisher and Yates). */
export function planFaults(rounds: number, random: Random): Fault[] {
  return Array.from({ length: rounds }, () => {
    const faults: Fault[] = [...FAULTS];
    for (let last = faults.length - 1; last > 0; last -= 1) {
      const other = Math.floor(random.between(0, last + 1));
      [faults[last], faults[other]] = [faults[other] as Fault, faults[last] as Fault];
    }
    return faults;
  }).flat();
}

/** Three workers on a cluster of three brokers, and the hand that breaks them. */
export class Chaos {
  readonly #home: Home;
  readonly #cluster: TestCluster;
  readonly #random: Random;
  readonly #input: KafkaLog;
  readonly #env: Environment;
  readonly #workers: Worker[] = [];

  private constructor(around: { home: Home; cluster: TestCluster; seed: number; env: Environment }, input: KafkaLog) {
    this.#home = around.home;
    this.#cluster = around.cluster;
    this.#random = seededRandom(around.seed);
    this.#env = around.env;
    this.#input = input;
  }

  /** Starts the workers; resolves when each of them has partitions. The topics must be there. */
  static async start(around: { home: Home; cluster: TestCluster; seed: number; env: Environment }): Promise<Chaos> {
    const connection: KafkaConnection = { servers: around.cluster.servers, clientId: 'chaos' };
    const chaos = new Chaos(around, await openTopic(connection, TOPICS.input));
    for (let n = 0; n < WORKERS; n += 1) chaos.#workers.push(new Worker(around.home, around.env));
    await chaos.working();
    return chaos;
  }

  get random(): Random {
    return this.#random;
  }

  /** What the workers that live now said of errors, by code. */
  get errors(): readonly Readonly<Record<string, number>>[] {
    return this.#workers.map(({ errors }) => errors);
  }

  /** Records of the input topic, ticks included. */
  async appended(): Promise<number> {
    return (await this.#input.ends()).reduce((sum, end) => sum + end, 0);
  }

  async working(): Promise<void> {
    await Promise.all(this.#workers.map((worker) => worker.working()));
  }

  async close(): Promise<void> {
    await this.#input.close();
  }

  /** Has it happen while readings come in that were not there `before`, and resolves when what was broken is there again. */
  async inflict(fault: Fault, before: number): Promise<Done> {
    // A worker that is to be stopped is lain in wait for; all else happens at any moment.
    if (!fault.startsWith('a worker is stopped')) {
      await expect.poll(() => this.appended(), { timeout: BEGINS_WITHIN }).toBeGreaterThan(before);
      await delay(this.#random.between(0, 500));
    }
    switch (fault) {
      case 'a worker is killed':
        return { fault, which: await this.#killWorker() };
      case 'a worker is stopped in a commit':
      case 'a worker is stopped between commits': {
        const which = this.#any(WORKERS);
        const at = fault === 'a worker is stopped in a commit' ? 'in a commit' : 'between commits';
        return { fault, which, fenced: await this.#worker(which).zombie(at, (partitions) => this.#behind(partitions)) };
      }
      case 'a broker is killed':
        return { fault, which: await this.#killBroker() };
      case 'PostgreSQL is stopped at once':
        await this.#stopDatabase();
        return { fault };
    }
  }

  async #killWorker(): Promise<number> {
    const which = this.#any(WORKERS);
    await this.#worker(which).kill();
    await delay(this.#random.between(...AWAY));
    this.#workers[which] = new Worker(this.#home, this.#env);
    await this.working();
    return which;
  }

  async #killBroker(): Promise<number> {
    const which = this.#any(BROKERS);
    await this.#cluster.killNode(which + 1);
    await delay(this.#random.between(...AWAY));
    await this.#cluster.startNode(which + 1);
    return which;
  }

  async #stopDatabase(): Promise<void> {
    const started = (): Promise<unknown> => this.#home.sql('SELECT pg_postmaster_start_time()::text AS at').catch(() => undefined);
    const before = await started();
    await killPostmaster(this.#home, 'SIGQUIT');
    const again = async (): Promise<boolean> => {
      const now = await started();
      return now !== undefined && JSON.stringify(now) !== JSON.stringify(before);
    };
    await expect.poll(again, { timeout: RESTARTS_WITHIN }).toBe(true);
  }

  async #behind(partitions: readonly number[]): Promise<boolean> {
    const ends = await this.#input.ends();
    const rows = await this.#home.sql<{ partition: number; next: number }>(
      `SELECT partition, next_offset::float8 AS next FROM stream.consumer_offset WHERE consumer_group = 'vitals' AND partition = ANY ($1::int[])`,
      [partitions],
    );
    return rows.length > 0 && rows.every(({ partition, next }) => next < (ends[partition] ?? 0));
  }

  #any(count: number): number {
    return Math.floor(this.#random.between(0, count));
  }

  #worker(which: number): Worker {
    const worker = this.#workers[which];
    if (worker === undefined) throw new RangeError('there is no such worker');
    return worker;
  }
}
