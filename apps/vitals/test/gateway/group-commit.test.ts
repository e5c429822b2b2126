import { KidjamoError } from '@kidjamo/stream';
import { ManualClock } from '@kidjamo/stream/testing';
import { expect, test } from 'vitest';

import { GroupCommit } from '../../src/gateway/group-commit.ts';

interface Run {
  readonly items: readonly number[];
  finish(): void;
  fail(): void;
}

function build(bounds: { maxRun?: number; maxPending?: number } = {}) {
  const clock = new ManualClock();
  const runs: Run[] = [];
  const group = new GroupCommit<number, number>({
    clock,
    run: (items) =>
      new Promise((resolve, reject) => {
        runs.push({
          items,
          finish: () => resolve(items.map((item) => item * 10)),
          fail: () => reject(new KidjamoError('LOG_UNAVAILABLE', 'broken')),
        });
      }),
    weigh: () => 1,
    maxRun: bounds.maxRun ?? 100,
    maxPending: bounds.maxPending ?? 100,
    deadline: 1000,
    late: 'LOG_UNAVAILABLE',
  });
  return { clock, runs, group };
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
const code = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => 'done',
    (error: unknown) => (error instanceof KidjamoError ? error.code : error),
  );

test('calls of one turn share a run, and calls during a run share the next, in order', async () => {
  const { runs, group } = build();
  const first = [group.call(1), group.call(2)];
  await turn();
  const second = [group.call(3), group.call(4)];
  await turn();
  expect(runs.map(({ items }) => items)).toEqual([[1, 2]]);
  runs[0]?.finish();
  await turn();
  expect(runs.map(({ items }) => items)).toEqual([
    [1, 2],
    [3, 4],
  ]);
  runs[1]?.finish();
  expect(await Promise.all([...first, ...second])).toEqual([10, 20, 30, 40]);
  await group.idle();
  expect(group.pending).toBe(0);
});

test("a run takes no more than its bound, and what is over the queue's bound is refused", async () => {
  const { runs, group } = build({ maxRun: 2, maxPending: 3 });
  const calls = [1, 2, 3].map((n) => group.call(n));
  expect(await code(group.call(4))).toBe('OVERLOADED');
  await turn();
  expect(runs[0]?.items).toEqual([1, 2]);
  runs[0]?.finish();
  await turn();
  runs[1]?.finish();
  expect(await Promise.all(calls)).toEqual([10, 20, 30]);
});

test('a failed run fails its callers only', async () => {
  const { runs, group } = build();
  const lost = code(group.call(1));
  await turn();
  const kept = group.call(2);
  runs[0]?.fail();
  expect(await lost).toBe('LOG_UNAVAILABLE');
  await turn();
  runs[1]?.finish();
  expect(await kept).toBe(20);
});

test('nobody waits past the deadline, a stalled run refuses new callers at once, and its end restores service', async () => {
  const { clock, runs, group } = build();
  const running = code(group.call(1));
  await turn();
  const queued = code(group.call(2));
  clock.advance(1000);
  expect(await Promise.all([running, queued])).toEqual(['LOG_UNAVAILABLE', 'LOG_UNAVAILABLE']);
  expect(await code(group.call(3))).toBe('LOG_UNAVAILABLE');
  runs[0]?.finish();
  await turn();
  const after = group.call(4);
  await turn();
  expect(runs.map(({ items }) => items)).toEqual([[1], [4]]);
  runs[1]?.finish();
  expect(await after).toBe(40);
  expect(group.pending).toBe(0);
});
