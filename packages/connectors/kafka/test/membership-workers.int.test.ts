import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';

import { describeKafka, uniqueName } from '../src/testing/index.ts';
import { makeTopic, openLog } from './kafka-log-subject.ts';
import { openDatabase } from './membership-subject.ts';
import type { Database } from './membership-subject.ts';
import type { WorkerOrders } from './worker-child.ts';
import { WorkerProcess } from './worker-process.ts';

const PARTITIONS = 6;

describeKafka('workers in a group of Kafka', (broker) => {
  let database: Database;
  beforeAll(async () => {
    database = await openDatabase();
    await database.pool.query('CREATE TABLE counted (partition integer, place bigint, n bigint)');
  });
  afterAll(() => database.close());

  const workers: WorkerProcess[] = [];
  afterEach(async () => {
    await Promise.all(workers.splice(0).map((worker) => worker.end('SIGKILL')));
    await database.pool.query('TRUNCATE counted');
  });

  /** A group on a new topic, and a way to start its workers. */
  async function newGroup() {
    const on = await makeTopic(broker().servers, { partitions: PARTITIONS });
    const group = uniqueName('group');
    return {
      on,
      group,
      start: (member: string, more: Partial<WorkerOrders> = {}): WorkerProcess => {
        const worker = new WorkerProcess({ url: database.url, ...on, group, member, ...more });
        workers.push(worker);
        return worker;
      },
    };
  }

  /** Resolves once these workers, and no others, have all partitions, with fair shares. */
  async function shared(among: readonly WorkerProcess[]): Promise<void> {
    const fair = (): boolean => {
      const all = among.flatMap((worker) => worker.partitions);
      const most = Math.ceil(PARTITIONS / among.length);
      return all.length === PARTITIONS && new Set(all).size === PARTITIONS && among.every((worker) => worker.partitions.length <= most);
    };
    while (!fair()) await Promise.race(among.map((worker) => changed(worker)));
  }

  async function changed(worker: WorkerProcess): Promise<void> {
    const before = worker.said.length;
    await worker.until(() => worker.said.length > before);
  }

  async function counted(): Promise<{ records: number; distinct: number; sum: number }> {
    const { rows } = await database.pool.query<{ records: string; distinct: string; sum: string }>(
      'SELECT count(*) AS records, count(DISTINCT (partition, place)) AS distinct, coalesce(sum(n), 0) AS sum FROM counted',
    );
    return { records: Number(rows[0]?.records), distinct: Number(rows[0]?.distinct), sum: Number(rows[0]?.sum) };
  }

  test('who joins gets a share, who leaves or dies gives it up, and the others keep what they have', async () => {
    const { start } = await newGroup();
    const a = start('a');
    await shared([a]);
    const b = start('b');
    await shared([a, b]);
    const [ofA, ofB] = [a.partitions, b.partitions];
    const c = start('c');
    await shared([a, b, c]);
    // Nothing moved between those who were there.
    expect(a.partitions.every((partition) => ofA.includes(partition))).toBe(true);
    expect(b.partitions.every((partition) => ofB.includes(partition))).toBe(true);
    const [keptByA, keptByB] = [a.partitions, b.partitions];
    await c.end();
    await shared([a, b]);
    expect(a.partitions).toEqual(expect.arrayContaining([...keptByA]));
    expect(b.partitions).toEqual(expect.arrayContaining([...keptByB]));
    const before = a.partitions;
    await b.end('SIGKILL');
    await shared([a]);
    expect(a.partitions).toEqual(expect.arrayContaining([...before]));
  });

  test('a rolling restart of workers with names of their own moves nothing between the others', async () => {
    const { start } = await newGroup();
    const names = ['one', 'two', 'three'];
    const running = names.map((name) => start(name, { instance: name }));
    await shared(running);
    const shares = running.map((worker) => worker.partitions);
    for (const [i, name] of names.entries()) {
      await running[i]?.end();
      const again = start(`${name}-again`, { instance: name });
      running[i] = again;
      await again.until(() => again.partitions.length > 0);
      expect(running.map((worker) => worker.partitions)).toEqual(shares);
    }
    for (const worker of running.slice(1))
      expect(worker.said.filter((said) => said.expulsions !== 0 && said.expulsions !== undefined)).toEqual([]);
  });

  test('a worker stopped in a commit past its session finds itself fenced when it goes on, and nothing is counted twice', async () => {
    const { on, start } = await newGroup();
    const log = await openLog(on);
    const numbers = Array.from({ length: 60 }, (_, i) => ({ partition: i % PARTITIONS, key: 'k', value: String(i) }));
    await log.append(numbers);
    const stopped = start('stopped', { halt: true });
    await stopped.until(() => stopped.said.some((said) => said.halted === true));
    const heir = start('heir');
    await shared([heir]);
    await expect.poll(counted).toEqual({ records: 60, distinct: 60, sum: 1770 });
    stopped.signal('SIGCONT');
    await stopped.until(() => stopped.said.some((said) => said.fenced === true));
    await stopped.until(() => stopped.said.some((said) => said.expulsions === 1 && (said.partitions ?? []).length > 0));
    await shared([heir, stopped]);
    await log.append(numbers);
    await expect.poll(counted).toEqual({ records: 120, distinct: 120, sum: 2 * 1770 });
    await log.close();
  });

  test.for([1, 2])('workers killed at random count every number once (seed %i)', { timeout: 180_000 }, async (seed) => {
    const { on, start, group } = await newGroup();
    const log = await openLog(on);
    const random = mulberry(seed);
    const pair = [start('w0', { instance: 'w0' }), start('w1', { instance: 'w1' })];
    let sum = 0;
    let total = 0;
    const append = async (): Promise<void> => {
      const batch = Array.from({ length: 200 }, () => {
        const n = Math.floor(random() * 1000);
        sum += n;
        return { partition: Math.floor(random() * PARTITIONS), key: 'k', value: String(n) };
      });
      total += batch.length;
      await log.append(batch);
    };
    for (let round = 0; round < 6; round += 1) {
      for (let i = 0; i < 5; i += 1) await append();
      const which = random() < 0.5 ? 0 : 1;
      // Somewhere on the way: after as many records as the seed says.
      const mark = (await counted()).records + Math.floor(random() * 600);
      await expect.poll(async () => (await counted()).records).toBeGreaterThanOrEqual(Math.min(mark, total));
      await pair[which]?.end('SIGKILL');
      pair[which] = start(`w${which}-${round}`, { instance: `w${which}` });
    }
    await expect.poll(counted, { timeout: 60_000 }).toEqual({ records: total, distinct: total, sum });
    const { rows } = await database.pool.query<{ name: string; value: string }>(
      'SELECT name, sum(value) AS value FROM stream.counter WHERE consumer_group = $1 GROUP BY name ORDER BY name',
      [group],
    );
    expect(rows.map(({ name, value }) => [name, Number(value)])).toEqual([
      ['records', total],
      ['sum', sum],
    ]);
    expect((await log.ends()).reduce((a, b) => a + b)).toBe(total);
    await log.close();
  });
});

/** A small generator of numbers in [0, 1) from a seed. */
function mulberry(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}
