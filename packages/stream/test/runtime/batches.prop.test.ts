/** However records are cut into batches, whatever is cached, and wherever the store fails: the outcome is the same. */
import { KidjamoError } from '@kidjamo/stream';
import type { Log } from '@kidjamo/stream';
import fc from 'fast-check';
import { expect, test } from 'vitest';

import { harness } from './harness.ts';
import type { Harness } from './harness.ts';
import { entryRecord } from './ledger-task.ts';
import type { Entry } from './ledger-task.ts';

const key = fc.constantFrom('a', 'b', 'c');
const timer = fc.constantFrom('plain', 'chain', 'cancel', 'postpone', 'boom', 'refused');
const entry: fc.Arbitrary<Entry> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ key, op: fc.constant('add' as const) }) },
  {
    weight: 3,
    arbitrary: fc.record({ key, op: fc.constant('add' as const), id: fc.constantFrom('1', '2', '3'), body: fc.constantFrom('x', 'y') }),
  },
  { weight: 4, arbitrary: fc.record({ key, op: fc.constant('arm' as const), name: timer, after: fc.integer({ min: 0, max: 12 }) }) },
  { weight: 1, arbitrary: fc.record({ key, op: fc.constant('disarm' as const), name: timer }) },
  { weight: 1, arbitrary: fc.record({ key, op: fc.constantFrom('throw' as const, 'refused' as const, 'delete' as const) }) },
);
/** Inputs, each with the time that passes before it. */
const inputs = fc.array(fc.record({ wait: fc.constantFrom(0, 0, 1, 2, 5), entry }), { minLength: 1, maxLength: 40 });

const cuts = fc.record({
  maxBatch: fc.integer({ min: 1, max: 20 }),
  piece: fc.integer({ min: 1, max: 8 }),
  cachedStates: fc.integer({ min: 1, max: 4 }),
  /** How many records the reads give, over and over. */
  reads: fc.array(fc.integer({ min: 1, max: 30 }), { minLength: 1, maxLength: 5 }),
  /** What becomes of the commits, over and over. */
  commits: fc
    .array(fc.constantFrom('fine', 'fine', 'lost before', 'lost after'), { minLength: 1, maxLength: 6 })
    .filter((list) => list.includes('fine')),
});

async function append(to: Harness, list: readonly { wait: number; entry: Entry }[]): Promise<void> {
  for (const { wait, entry: each } of list) {
    to.clock.advance(wait);
    await to.log.append([entryRecord(each)]);
  }
}

function outcome({ store }: Harness): unknown {
  return {
    rows: store.rows,
    states: store.states,
    timers: store.timers,
    outputs: store.outputs,
    counters: store.counters,
    deadLetters: store.deadLetters,
    offset: store.offset(0),
  };
}

test('batches cut anywhere, with any cache and any failures, come to the same', async () => {
  await fc.assert(
    fc.asyncProperty(inputs, cuts, async (list, { maxBatch, piece, cachedStates, reads, commits }) => {
      const plain = harness();
      await append(plain, list);
      await plain.drain({ maxBatch: 1 });

      const cut = harness();
      await append(cut, list);
      let read = 0;
      const log: Log = {
        name: cut.log.name,
        partitions: 1,
        append: (records) => cut.log.append(records),
        ends: () => cut.log.ends(),
        wait: (...rest) => cut.log.wait(...rest),
        // As the real ones, it may give fewer records than asked, and more.
        read: (partition, offset) => cut.log.read(partition, offset, reads[read++ % reads.length] ?? 1),
      };
      let commit = 0;
      const away = (): never => {
        throw new KidjamoError('STORE_UNAVAILABLE', 'away');
      };
      cut.store.beforeCommit = () => {
        commit += 1;
        if (commits[commit % commits.length] === 'lost before') away();
      };
      cut.store.afterCommit = () => {
        if (commits[commit % commits.length] === 'lost after') away();
      };
      await cut.drain({ maxBatch, piece, cachedStates, log });
      expect(outcome(cut)).toEqual(outcome(plain));
    }),
  );
});
