import { KidjamoError, runGroup } from '@kidjamo/stream';
import type { GroupRunnerOptions, Lease, Membership } from '@kidjamo/stream';
import { expect, test } from 'vitest';

import { ManualClock, MemoryTaskStore } from '../../src/testing/index.ts';
import { until } from './harness.ts';

const HEARTBEAT = 1000;

interface Member {
  /** Leases worked on now, as "partition/generation". */
  working(): string[];
  /** Every start of work so far. */
  readonly started: Lease[];
  readonly assigned: (readonly number[])[];
  readonly errors: unknown[];
  readonly ended: Promise<void>;
  stop(): Promise<void>;
}

function setUp(partitions = 4) {
  const clock = new ManualClock();
  const store = new MemoryTaskStore({ log: 'log', group: 'group', partitions });
  const start = (name: string, changes: Partial<GroupRunnerOptions> = {}): Member => {
    const stop = new AbortController();
    const now = new Set<string>();
    const member = { started: [] as Lease[], assigned: [] as (readonly number[])[], errors: [] as unknown[] };
    const ended = runGroup(
      {
        group: 'group',
        membership: store.member(name),
        clock,
        observer: {
          committed: () => undefined,
          failed: (_, error) => void member.errors.push(error),
          assigned: (_, list) => void member.assigned.push(list),
        },
        heartbeatEvery: HEARTBEAT,
        work: async (lease, signal) => {
          member.started.push(lease);
          const id = `${lease.partition}/${lease.generation}`;
          now.add(id);
          await aborted(signal);
          now.delete(id);
        },
        ...changes,
      },
      stop.signal,
    );
    return {
      ...member,
      working: () => [...now].sort(),
      ended,
      stop: async () => {
        stop.abort();
        await ended;
      },
    };
  };
  /** Lets every member that sleeps send its next heartbeat. */
  const beat = async (): Promise<void> => {
    for (let turn = 0; turn < 10; turn += 1) await new Promise((resolve) => setImmediate(resolve));
    clock.advance(HEARTBEAT);
    for (let turn = 0; turn < 10; turn += 1) await new Promise((resolve) => setImmediate(resolve));
  };
  return { clock, store, start, beat };
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}

test('work starts on every lease and goes on from heartbeat to heartbeat', async () => {
  const { start, beat } = setUp();
  const a = start('a');
  await until(() => a.working().length === 4);
  await beat();
  await beat();
  expect(a.started).toHaveLength(4);
  expect(a.assigned).toEqual([[0, 1, 2, 3]]);
  await a.stop();
  expect(a.working()).toEqual([]);
});

test('a second member gets its share, and nobody works on a partition of the other', async () => {
  const { start, beat } = setUp();
  const a = start('a');
  await until(() => a.working().length === 4);
  const b = start('b');
  for (let i = 0; i < 4; i += 1) await beat();
  expect([a.working(), b.working()]).toEqual([
    ['0/1', '1/1'],
    ['2/2', '3/2'],
  ]);
  await b.stop();
  for (let i = 0; i < 2; i += 1) await beat();
  expect(a.working()).toEqual(['0/1', '1/1', '2/3', '3/3']);
  await a.stop();
});

test('a partition over the share is released only when the work in hand is done, and heartbeats go on meanwhile', async () => {
  const { store, start, beat } = setUp(2);
  let finish = (): void => undefined;
  const inHand = new Promise<void>((resolve) => (finish = resolve));
  let heartbeats = 0;
  const member = store.member('a');
  const counted: Membership = {
    heartbeat: () => {
      heartbeats += 1;
      return member.heartbeat();
    },
    release: (lease) => member.release(lease),
    report: (...rest) => member.report(...rest),
    leave: () => member.leave(),
  };
  const ended: number[] = [];
  const a = start('a', {
    membership: counted,
    work: async (lease, signal) => {
      await aborted(signal);
      await inHand;
      ended.push(lease.partition);
    },
  });
  const b = start('b');
  for (let i = 0; i < 3; i += 1) await beat();
  expect(b.working()).toEqual([]);
  expect(heartbeats).toBeGreaterThanOrEqual(4);
  finish();
  await until(() => ended.length === 1);
  for (let i = 0; i < 2; i += 1) await beat();
  expect(ended).toEqual([1]);
  expect(b.working()).toEqual(['1/2']);
  await a.stop();
  await b.stop();
});

test('a partition being released is not worked on again, even if it is within the share by then', async () => {
  const { store, start, beat } = setUp(2);
  const member = store.member('a');
  let allow = (): void => undefined;
  const allowed = new Promise<void>((resolve) => (allow = resolve));
  const a = start('a', {
    membership: {
      heartbeat: () => member.heartbeat(),
      release: async (lease) => {
        await allowed;
        await member.release(lease);
      },
      report: (...rest) => member.report(...rest),
      leave: () => member.leave(),
    },
  });
  await until(() => a.working().length === 2);
  const b = start('b');
  for (let i = 0; i < 2; i += 1) await beat();
  await b.stop();
  for (let i = 0; i < 2; i += 1) await beat();
  expect(a.working()).toEqual(['0/1']);
  allow();
  for (let i = 0; i < 2; i += 1) await beat();
  expect(a.working()).toEqual(['0/1', '1/2']);
  await a.stop();
});

test('a lease taken away ends its work; a new generation starts it again', async () => {
  const { store, start, beat } = setUp(2);
  const a = start('a');
  await until(() => a.working().length === 2);
  store.take(1, 'somebody');
  await beat();
  expect(a.working()).toEqual(['0/1']);
  store.take(0, 'a');
  store.lapse('somebody');
  for (let i = 0; i < 2; i += 1) await beat();
  expect(a.working()).toEqual(['0/2', '1/3']);
  await a.stop();
});

test('work that ends fenced is started again when the lease is still ours', async () => {
  const { start, beat } = setUp(1);
  let runs = 0;
  const a = start('a', {
    work: async (_, signal) => {
      runs += 1;
      if (runs === 1) throw new KidjamoError('FENCED', 'fenced');
      await aborted(signal);
    },
  });
  await until(() => runs === 1);
  await beat();
  expect(runs).toBe(2);
  await a.stop();
});

test('heartbeats that fail are told, and work goes on', async () => {
  const { store, start, beat } = setUp(2);
  const member = store.member('a');
  let failing = false;
  const a = start('a', {
    membership: {
      heartbeat: () => (failing ? Promise.reject(new KidjamoError('STORE_UNAVAILABLE', 'away')) : member.heartbeat()),
      release: (lease) => member.release(lease),
      report: (...rest) => member.report(...rest),
      leave: () => Promise.reject(new KidjamoError('STORE_UNAVAILABLE', 'away')),
    },
  });
  await until(() => a.working().length === 2);
  failing = true;
  await beat();
  await beat();
  expect(a.errors).toHaveLength(2);
  expect(a.working()).toEqual(['0/1', '1/1']);
  failing = false;
  await beat();
  expect(a.started).toHaveLength(2);
  await a.stop();
});

test('work that fails for good stops all work and ends the run with its error', async () => {
  const { store, start } = setUp(2);
  const stopped: number[] = [];
  const a = start('a', {
    work: async ({ partition }, signal) => {
      if (partition === 1) throw new KidjamoError('CONFIG_INVALID', 'no such log');
      await aborted(signal);
      stopped.push(partition);
    },
  });
  await expect(a.ended).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
  expect(stopped).toEqual([0]);
  // It has left: another member gets everything at once.
  expect((await store.member('b').heartbeat()).leases).toHaveLength(2);
});

test('at the end it waits for work in hand, then leaves', async () => {
  const { store, start } = setUp(1);
  let finish = (): void => undefined;
  const inHand = new Promise<void>((resolve) => (finish = resolve));
  const a = start('a', { work: () => inHand });
  await new Promise((resolve) => setImmediate(resolve));
  const stopped = a.stop();
  await new Promise((resolve) => setImmediate(resolve));
  expect((await store.member('b').heartbeat()).leases).toEqual([]);
  finish();
  await stopped;
  expect((await store.member('b').heartbeat()).leases).toHaveLength(1);
});
