/** The Sink contract, as tests. Every implementation runs all of them. */

import { describe, expect, test } from 'vitest';

import { systemClock } from '../clock.ts';
import type { DeadLetter, Lease } from '../contracts/commit.ts';
import type { LogRecord } from '../contracts/log.ts';
import type { Sink, SinkBatch, SinkResult } from '../contracts/sink.ts';
import { KidjamoError } from '../errors.ts';
import { runSink } from '../runtime/sink-runner.ts';
import { MemoryLog } from './memory-log.ts';

/** What a log holds of a record. */
export interface SinkRecord {
  readonly key: string;
  readonly value: string;
}

/** What the suite needs of an implementation: an empty target. */
export interface SinkUnderTest {
  readonly sink: Sink;
  /** Another instance on the same target, as another process has it. The suite closes it. */
  second(): Sink;
  /** The numbers `i`, as text, of the records stored and visible to readers; those of one key in the order in which they are stored. */
  read(): Promise<readonly string[]>;
  /** A record of one's own number. The suite works with a few thousand; several keys are better than one. */
  record(i: number): SinkRecord;
  /** A record that the sink refuses for good; absent where there is none. */
  readonly invalidRecord?: SinkRecord;
  /**
   * An instance on the same target that is cut off before the `step`-th outside effect of its next write (1 is the first), as if its
   * process had died: it rejects, or never ends, and does nothing any more.
   */
  readonly crashBefore?: (step: number) => Sink;
  /** How many outside effects a write has, where {@link crashBefore} is given. */
  readonly steps?: number;
  /** An instance whose target cannot be reached. */
  readonly unavailable?: () => Sink;
  /** Texts, such as passwords and contents of records, that no error may hold. */
  readonly secrets?: readonly string[];
  /** Lets go of everything. */
  close(): Promise<void>;
}

/** Declares the suite. `create` is called for every test, and more than once in some. */
export function sinkConformance(name: string, { create }: { create: () => Promise<SinkUnderTest> }): void {
  const withSink = (title: string, body: (trial: Trial) => Promise<void>): void => {
    test(title, () => tried(create, body));
  };

  describe(`Sink contract: ${name}`, () => {
    withSink('an empty target wants the first record, whatever the partition', async ({ sink, lease }) => {
      expect(await sink.open(lease(1))).toBe(0);
      expect(await sink.open(lease(1, 3))).toBe(0);
    });

    withSink('tells its name, its log and sensible limits', async ({ sink }) => {
      expect(sink.name).toMatch(/^[a-z][a-z0-9-]*$/);
      expect(sink.log).not.toBe('');
      for (const limit of Object.values(sink.batching)) expect(limit).toBeGreaterThan(0);
    });

    withSink('a batch is there for readers, and the position with it, when the write resolves', async (trial) => {
      const { sink, lease, batch, stored, second } = trial;
      await sink.open(lease(1));
      expect(await write(sink, batch(lease(1), 0, 7))).toEqual({ refused: [] });
      expect(await stored()).toEqual(numbers(0, 7));
      expect(await second().open(lease(2))).toBe(7);
    });

    withSink('batch follows batch, and order per key is kept', async (trial) => {
      const { sink, lease, batch, stored, second } = trial;
      await sink.open(lease(1));
      for (const [from, to] of [
        [0, 1],
        [1, 40],
        [40, 41],
        [41, 300],
      ] as const)
        await write(sink, batch(lease(1), from, to));
      const other = second();
      await other.open(lease(2));
      await write(other, batch(lease(2), 300, 310));
      expect(await stored()).toEqual(numbers(0, 310));
    });

    withSink('a large batch is stored whole', async ({ sink, lease, batch, stored }) => {
      await sink.open(lease(1));
      await write(sink, batch(lease(1), 0, 3000));
      expect(await stored()).toEqual(numbers(0, 3000));
    });

    withSink('an empty batch moves the position', async ({ sink, lease, batch, stored, second }) => {
      await sink.open(lease(1));
      expect(await write(sink, { ...batch(lease(1), 0, 4), records: [] })).toEqual({ refused: [] });
      expect(await second().open(lease(2))).toBe(4);
      expect(await stored()).toEqual([]);
    });

    withSink(
      'offsets left out, as those of ticks and refused records, are no hindrance',
      async ({ sink, lease, batch, stored, second }) => {
        await sink.open(lease(1));
        const whole = batch(lease(1), 0, 9);
        await write(sink, { ...whole, records: Array.from(whole.records).filter((record) => [1, 2, 5].includes(record.offset)) });
        expect(await stored()).toEqual(['1', '2', '5']);
        const other = second();
        expect(await other.open(lease(2))).toBe(9);
        await write(other, batch(lease(2), 9, 11));
        expect(await stored()).toEqual(['1', '2', '5', '9', '10']);
      },
    );

    withSink('partitions are apart', async ({ sink, lease, batch, stored, second }) => {
      await sink.open(lease(1));
      await sink.open(lease(5, 1));
      await write(sink, batch(lease(1), 0, 3));
      await write(sink, batch(lease(5, 1), 0, 2));
      expect((await stored()).sort(byNumber)).toEqual(['0', '1', '2', '100', '101']);
      const other = second();
      expect([await other.open(lease(2)), await other.open(lease(6, 1))]).toEqual([3, 2]);
    });

    withSink('the same batch again is fenced and changes nothing', async ({ sink, lease, batch, stored }) => {
      await sink.open(lease(1));
      await write(sink, batch(lease(1), 0, 5));
      await fenced(write(sink, batch(lease(1), 0, 5)));
      await fenced(write(sink, batch(lease(1), 0, 3)));
      expect(await stored()).toEqual(numbers(0, 5));
      await write(sink, batch(lease(1), 5, 6));
      expect(await stored()).toEqual(numbers(0, 6));
    });

    withSink('batches out of order are fenced and change nothing', async ({ sink, lease, batch, stored, second }) => {
      await sink.open(lease(1));
      await fenced(write(sink, batch(lease(1), 5, 9)));
      await write(sink, batch(lease(1), 0, 5));
      await fenced(write(sink, batch(lease(1), 9, 12)));
      await fenced(write(sink, batch(lease(1), 4, 9)));
      expect(await stored()).toEqual(numbers(0, 5));
      expect(await second().open(lease(1))).toBe(5);
    });

    withSink('the same batch several times at once is applied once', async ({ sink, lease, batch, stored, second }) => {
      const others = [sink, second(), second()];
      for (const each of others) await each.open(lease(1));
      const results = await Promise.allSettled(others.map((each) => write(each, batch(lease(1), 0, 20))));
      expect(results.filter((result) => result.status === 'fulfilled')).toHaveLength(1);
      for (const result of results) if (result.status === 'rejected') expect(isFencedOrRetryable(result.reason)).toBe(true);
      expect(await stored()).toEqual(numbers(0, 20));
      expect(await second().open(lease(2))).toBe(20);
    });

    withSink('a zombie is fenced: it neither opens nor writes', async ({ sink, lease, batch, stored, second }) => {
      await sink.open(lease(1));
      await write(sink, batch(lease(1), 0, 2));
      const young = second();
      expect(await young.open(lease(2))).toBe(2);
      await fenced(write(sink, batch(lease(1), 2, 4)));
      await fenced(sink.open(lease(1)));
      await fenced(write(sink, { ...batch(lease(1), 2, 3), records: [] }));
      expect(await stored()).toEqual(numbers(0, 2));
      await write(young, batch(lease(2), 2, 4));
      await fenced(write(sink, batch(lease(1), 4, 6)));
      expect(await stored()).toEqual(numbers(0, 4));
    });

    withSink('generations that fight lose nothing and double nothing', async ({ sink, lease, batch, stored, second }) => {
      let old = sink;
      let position = await old.open(lease(1));
      for (let generation = 2; generation <= 8; generation += 1) {
        const young = second();
        const [written, opened] = await Promise.allSettled([
          write(old, batch(lease(generation - 1), position, position + 5)),
          young.open(lease(generation)),
        ]);
        if (opened.status === 'rejected') throw opened.reason;
        if (written.status === 'rejected') expect(isFencedOrRetryable(written.reason)).toBe(true);
        // Where the write slips in just after the takeover, what the young one read is old: it is fenced, as a runtime expects, and asks again.
        const stale = written.status === 'fulfilled' && opened.value === position;
        if (stale) await fenced(write(young, batch(lease(generation), position, position + 3)));
        const reached = stale ? await young.open(lease(generation)) : opened.value;
        expect(reached).toBe(written.status === 'fulfilled' ? position + 5 : position);
        position = reached;
        await write(young, batch(lease(generation), position, position + 3));
        position += 3;
        expect(await stored()).toEqual(numbers(0, position));
        old = young;
      }
    });

    withSink('names refused records exactly, moves nothing, and stores the others when they come again', async (trial) => {
      const { sink, lease, stored, second, subject } = trial;
      const bad = subject.invalidRecord;
      if (bad === undefined) return;
      await sink.open(lease(1));
      const whole = trial.batch(lease(1), 0, 6);
      const mixed = {
        ...whole,
        records: Array.from(whole.records).map((record) => ([1, 4].includes(record.offset) ? { ...record, ...bad } : record)),
      };
      const { refused } = await write(sink, mixed);
      expect(refused.map((refusal) => refusal.offset).sort()).toEqual([1, 4]);
      for (const { reason } of refused) {
        expect(reason.length).toBeGreaterThan(3);
        expect(bad.value.length > 3 && reason.includes(bad.value)).toBe(false);
      }
      expect(await stored()).toEqual([]);
      const again = { ...mixed, records: Array.from(mixed.records).filter((record) => ![1, 4].includes(record.offset)) };
      expect(await write(sink, again)).toEqual({ refused: [] });
      expect(await stored()).toEqual(['0', '2', '3', '5']);
      expect(await second().open(lease(2))).toBe(6);
    });

    withSink('an abort, before or during a write, ends it; what was not stored is stored when it comes again', async (trial) => {
      const { sink, lease, batch, stored, second } = trial;
      await sink.open(lease(1));
      let position = 0;
      for (const turns of [-1, 0, 1, 2, 4, 8]) {
        const stop = new AbortController();
        if (turns < 0) stop.abort();
        const written = sink.write(batch(lease(1), position, position + 200), stop.signal).then(
          () => undefined,
          (error: unknown) => error,
        );
        for (let turn = 0; turn < turns; turn += 1) await new Promise((resolve) => setImmediate(resolve));
        stop.abort();
        const error = await written;
        const reached = await sink.open(lease(1));
        if (error === undefined) expect(reached).toBe(position + 200);
        else expect(error).toMatchObject({ retryable: true, code: expect.any(String) as string });
        if (reached === position) await write(sink, batch(lease(1), position, position + 200));
        else expect(reached).toBe(position + 200);
        position += 200;
        expect(await stored()).toEqual(numbers(0, position));
      }
      expect(await second().open(lease(2))).toBe(position);
    });

    withSink('what was written is there after close, for another instance', async ({ sink, lease, batch, stored, second }) => {
      await sink.open(lease(1));
      await write(sink, batch(lease(1), 0, 5));
      await sink.close();
      expect(await second().open(lease(2))).toBe(5);
      expect(await stored()).toEqual(numbers(0, 5));
    });

    withSink('a target that cannot be reached is an error with a code, worth another try, without secrets', async ({ subject, lease }) => {
      const sink = subject.unavailable?.();
      if (sink === undefined) return;
      const error: unknown = await sink.open(lease(1)).then(
        () => undefined,
        (reason: unknown) => reason,
      );
      await sink.close();
      expect(error).toBeInstanceOf(KidjamoError);
      expect(error).toMatchObject({ retryable: true });
      expectNoSecrets(subject, error);
    });

    test('a crash before any step of a write loses nothing and doubles nothing', async () => {
      const steps = await tried(create, async ({ subject }) => (subject.crashBefore === undefined ? 0 : (subject.steps ?? 1)));
      for (let step = 1; step <= steps; step += 1) {
        await tried(create, async ({ subject, sink, lease, batch, stored, second }) => {
          await sink.open(lease(1));
          await write(sink, batch(lease(1), 0, 5));
          const doomed = subject.crashBefore?.(step) ?? sink;
          expect(await doomed.open(lease(2))).toBe(5);
          await crashed(doomed, batch(lease(2), 5, 12), step);
          const heir = second();
          const position = await heir.open(lease(3));
          expect([5, 12], `after a crash before step ${step}`).toContain(position);
          expect(await stored(), `after a crash before step ${step}`).toEqual(numbers(0, position));
          if (position === 5) await write(heir, batch(lease(3), 5, 12));
          await write(heir, batch(lease(3), 12, 15));
          expect(await stored(), `after a crash before step ${step}`).toEqual(numbers(0, 15));
        });
      }
    });

    withSink('run by the runtime, every record ends up stored or among the dead letters, once', async (trial) => {
      const { sink, lease, stored, subject } = trial;
      const total = 60;
      const log = new MemoryLog(sink.log, 1, systemClock);
      const badAt = subject.invalidRecord === undefined ? [] : [7, 8, 31];
      const records = Array.from({ length: total }, (_, i) =>
        badAt.includes(i) ? (subject.invalidRecord ?? subject.record(i)) : subject.record(i),
      );
      await log.append(records.map((record) => ({ partition: 0, ...record })));
      const letters: DeadLetter[] = [];
      const stop = new AbortController();
      await runSink(
        {
          sink: { ...bound(sink), batching: { maxRecords: 9, maxBytes: 1_000_000, maxDelay: 1 } },
          log,
          clock: systemClock,
          observer: { committed: () => undefined, failed: (_, error) => expectNoSecrets(subject, error), assigned: () => undefined },
          random: () => 0,
          flush: { requests: 0 },
          report: async (_, offset) => {
            if (offset === total) stop.abort();
          },
          deadLetter: async (_, more) => void letters.push(...more),
          pollEvery: 5,
          backoff: { initial: 1, max: 1 },
          circuit: { failures: 100, openFor: 1 },
        },
        lease(1),
        stop.signal,
      );
      expect(letters.map((letter) => letter.offset)).toEqual(badAt);
      expect(await stored()).toEqual(numbers(0, total).filter((id) => !badAt.includes(Number(id))));
    });
  });
}

interface Trial {
  readonly subject: SinkUnderTest;
  readonly sink: Sink;
  second(): Sink;
  lease(generation: number, partition?: number): Lease;
  /** Records `from` to `to`, whose numbers are their offsets; in partitions but the first, plus a hundred for each. */
  batch(lease: Lease, from: number, to: number): SinkBatch;
  /** The numbers stored, ascending. Fails if those of a key are out of order. */
  stored(): Promise<string[]>;
}

async function tried<T>(create: () => Promise<SinkUnderTest>, body: (trial: Trial) => Promise<T>): Promise<T> {
  const subject = await create();
  const { sink } = subject;
  const seconds: Sink[] = [];
  try {
    return await body({
      subject,
      sink,
      second: () => {
        const made = subject.second();
        seconds.push(made);
        return made;
      },
      lease: (generation, partition = 0) => ({ log: sink.log, group: sink.name, partition, generation }),
      batch: (lease, from, to) => ({
        lease,
        from,
        to,
        records: Array.from({ length: to - from }, (_, i) =>
          recordAt(subject.record(from + i + 100 * lease.partition), lease.partition, from + i),
        ),
      }),
      stored: async () => {
        const ids = await subject.read();
        const last = new Map<string, number>();
        for (const id of ids) {
          const { key } = subject.record(Number(id));
          expect(Number(id), `order of key ${key}`).toBeGreaterThan(last.get(key) ?? -1);
          last.set(key, Number(id));
        }
        return [...ids].sort(byNumber);
      },
    });
  } finally {
    for (const each of [...seconds, sink]) await each.close();
    await subject.close();
  }
}

function recordAt(record: SinkRecord, partition: number, offset: number): LogRecord {
  return { partition, offset, ...record, time: 1_790_000_000_000 + offset };
}

function numbers(from: number, to: number): string[] {
  return Array.from({ length: to - from }, (_, i) => String(from + i));
}

function byNumber(a: string, b: string): number {
  return Number(a) - Number(b);
}

function write(sink: Sink, batch: SinkBatch): Promise<SinkResult> {
  return sink.write(batch, new AbortController().signal);
}

/** A sink's members as an object of their own, so that some can be replaced. */
function bound(sink: Sink): Sink {
  return {
    name: sink.name,
    log: sink.log,
    batching: sink.batching,
    open: (lease) => sink.open(lease),
    write: (batch, signal) => sink.write(batch, signal),
    close: () => sink.close(),
  };
}

async function fenced(attempt: Promise<unknown>): Promise<void> {
  await expect(attempt).rejects.toMatchObject({ code: 'FENCED', retryable: false });
}

function isFencedOrRetryable(error: unknown): boolean {
  return error instanceof KidjamoError && (error.code === 'FENCED' || error.retryable);
}

/** Waits until a write has rejected, or has shown that it will not end by itself: a process that died does neither. */
async function crashed(sink: Sink, batch: SinkBatch, step: number): Promise<void> {
  const ended = write(sink, batch).then(
    () => 'resolved',
    () => 'rejected',
  );
  const outcome = await Promise.race([ended, systemClock.sleep(2000).then(() => 'never ends')]);
  expect(outcome, `the write was to be cut off before step ${step}`).not.toBe('resolved');
}

function expectNoSecrets(subject: SinkUnderTest, error: unknown): void {
  let text = '';
  for (let at: unknown = error; at instanceof Error; at = at.cause)
    text += `${at.name} ${at.message} ${at.stack ?? ''} ${JSON.stringify(at)}\n`;
  for (const secret of subject.secrets ?? []) expect(text.includes(secret), 'an error holds a secret').toBe(false);
}
