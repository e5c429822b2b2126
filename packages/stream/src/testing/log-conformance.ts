/** The Log contract, as tests. Every implementation runs all of them. */

import { describe, expect, test } from 'vitest';

import type { Log, LogRecord, NewRecord } from '../contracts/log.ts';

/** What the suite needs of an implementation. */
export interface LogUnderTest {
  /** A new, empty log with {@link LOG_PARTITIONS} partitions. */
  readonly log: Log;
  /** Another handle on the same log, as another process would have it. */
  readonly second: Log;
  /**
   * Removes the records of a partition before `offset`, as retention does; absent where the implementation has no retention. It may keep
   * more than asked, if records were appended together.
   */
  readonly trim?: (partition: number, offset: number) => Promise<void>;
  /** Lets go of everything. */
  close(): Promise<void>;
}

/** The number of partitions that the suite expects. */
export const LOG_PARTITIONS = 4;

const WRITERS = 8;

/** Text that has come back changed from one system or another. */
const AWKWARD = [
  '{"plain":1}',
  String.raw`{"quotes":"\"'"}`,
  String.raw`{"backslashes":"\\ \\n \\u0041 \x41"}`,
  '{"accents":"éàüœ ŋ"}',
  '{"four bytes":"😀𝒳👩‍👩‍👧"}',
  '{"right to left":"שלום"}',
  '{"separators":"\u2028 \u2029 \u0085 \t \r"}',
  '{"braces":"{},(),NULL,\\\\N"}',
  ' leading and trailing ',
  '',
];

/** Declares the suite. `create` is called for every test. */
export function logConformance(name: string, create: () => Promise<LogUnderTest>): void {
  const withLog = (title: string, body: (subject: LogUnderTest) => Promise<void>): void => {
    test(title, async () => {
      const subject = await create();
      try {
        await body(subject);
      } finally {
        await subject.close();
      }
    });
  };

  describe(`Log contract: ${name}`, () => {
    withLog('reads records back in the order of the append, with offsets from 0', async ({ log, second }) => {
      const { offsets } = await log.append(numbered(0, 5));
      expect(offsets).toEqual([0, 1, 2, 3, 4].map((offset) => ({ partition: 0, offset })));
      await log.append(numbered(0, 3, 5));
      for (const handle of [log, second]) {
        const records = await readAll(handle, 0);
        expect(records.map((record) => record.offset)).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
        expect(records.map((record) => record.value)).toEqual([0, 1, 2, 3, 4, 5, 6, 7].map(String));
        expect(records.every((record) => record.partition === 0 && record.key === 'k')).toBe(true);
      }
    });

    withLog('gives a position for every record, in the order given, when an append mixes partitions', async ({ log }) => {
      const records = [2, 0, 2, 1, 0].map((partition, i) => ({ partition, key: `k${partition}`, value: String(i) }));
      const { offsets } = await log.append(records);
      expect(offsets).toEqual([
        { partition: 2, offset: 0 },
        { partition: 0, offset: 0 },
        { partition: 2, offset: 1 },
        { partition: 1, offset: 0 },
        { partition: 0, offset: 1 },
      ]);
      expect((await readAll(log, 2)).map((record) => record.value)).toEqual(['0', '2']);
      expect((await readAll(log, 0)).map((record) => record.value)).toEqual(['1', '4']);
    });

    withLog('an append of nothing is nothing', async ({ log }) => {
      expect(await log.append([])).toEqual({ offsets: [] });
      expect(await log.ends()).toEqual([0, 0, 0, 0]);
    });

    withLog('offsets have no gaps, and every writer its own order, with concurrent writers', async ({ log, second }) => {
      const rounds = 12;
      const told: { partition: number; offset: number; value: string }[] = [];
      const write = async (writer: number): Promise<void> => {
        const handle = writer % 2 === 0 ? log : second;
        for (let round = 0; round < rounds; round += 1) {
          const size = 1 + ((writer * 7 + round * 13) % 37);
          const batch = Array.from({ length: size }, (_, i) => ({
            partition: (writer + i * (round % 3)) % LOG_PARTITIONS,
            key: `writer-${writer}`,
            value: `${writer}/${round}/${i}`,
          }));
          const { offsets } = await handle.append(batch);
          offsets.forEach((position, i) => told.push({ ...position, value: batch[i]?.value ?? '' }));
        }
      };
      await Promise.all(Array.from({ length: WRITERS }, (_, writer) => write(writer)));

      let total = 0;
      for (let partition = 0; partition < LOG_PARTITIONS; partition += 1) {
        const records = await readAll(log, partition);
        total += records.length;
        expect(records.map((record) => record.offset)).toEqual(records.map((_, i) => i));
        expect((await log.ends())[partition]).toBe(records.length);
        for (let writer = 0; writer < WRITERS; writer += 1) expect(inOrder(records, writer)).toBe(true);
        for (const { offset, value } of told.filter((position) => position.partition === partition)) {
          expect(records[offset]?.value).toBe(value);
        }
        expectTimeNeverFalls(records);
      }
      expect(total).toBe(told.length);
    });

    withLog('a reader that follows concurrent writers sees every offset once, in order', async ({ log, second }) => {
      const perWriter = 40;
      let writing = true;
      const writers = Promise.all(
        [0, 1, 2, 3].map(async (writer) => {
          for (let i = 0; i < perWriter; i += 1) await log.append([{ partition: 1, key: `writer-${writer}`, value: `${writer}/${i}/0` }]);
        }),
      ).finally(() => (writing = false));
      const seen: LogRecord[] = [];
      while (writing || seen.length < 4 * perWriter) {
        const more = await second.read(1, seen.length, 7);
        seen.push(...more);
        if (more.length === 0) await second.wait(1, 5, new AbortController().signal);
      }
      await writers;
      expect(seen.map((record) => record.offset)).toEqual(Array.from({ length: 4 * perWriter }, (_, i) => i));
    });

    withLog('appends all of the records or none', async ({ log }) => {
      await log.append(numbered(0, 2));
      const bad = [...numbered(0, 2), { partition: 1, key: 'k', value: 'two\nlines' }];
      await expect(log.append(bad)).rejects.toMatchObject({ code: 'INPUT_INVALID' });
      await expect(log.append([...numbered(2, 1), { partition: LOG_PARTITIONS, key: 'k', value: 'x' }])).rejects.toMatchObject({
        code: 'INPUT_INVALID',
      });
      expect(await log.ends()).toEqual([2, 0, 0, 0]);
      expect(await log.append(numbered(0, 1))).toEqual({ offsets: [{ partition: 0, offset: 2 }] });
    });

    withLog('reads from the middle of an append, and across appends', async ({ log }) => {
      await log.append(numbered(0, 10));
      await log.append(numbered(0, 10, 10));
      for (const from of [0, 1, 4, 9, 10, 11, 19]) {
        const [first] = await log.read(0, from, 1);
        expect(first).toMatchObject({ offset: from, value: String(from) });
        expect((await readAll(log, 0, from)).map((record) => record.value)).toEqual(
          Array.from({ length: 20 - from }, (_, i) => String(from + i)),
        );
      }
    });

    withLog('a read with a maximum makes progress and gives a run without gaps', async ({ log }) => {
      for (let i = 0; i < 200; i += 1) await log.append(numbered(0, 1, i));
      const records = await log.read(0, 17, 50);
      expect(records.length).toBeGreaterThanOrEqual(1);
      expect(records.map((record) => record.offset)).toEqual(records.map((_, i) => 17 + i));
    });

    withLog('a read at the end, or past it, is empty', async ({ log }) => {
      expect(await log.read(0, 0, 10)).toEqual([]);
      await log.append(numbered(0, 3));
      expect(await log.read(0, 3, 10)).toEqual([]);
      expect(await log.read(0, 99, 10)).toEqual([]);
      expect(await log.read(1, 0, 10)).toEqual([]);
    });

    withLog('ends() tells the next offset of every partition', async ({ log, second }) => {
      expect(await log.ends()).toEqual([0, 0, 0, 0]);
      await log.append([...numbered(3, 2), ...numbered(1, 1)]);
      expect(await log.ends()).toEqual([0, 1, 0, 2]);
      expect(await second.ends()).toEqual([0, 1, 0, 2]);
    });

    withLog('log time never decreases', async ({ log, second }) => {
      for (let i = 0; i < 20; i += 1) await (i % 2 === 0 ? log : second).append(numbered(0, 2, i));
      const records = await readAll(log, 0);
      expectTimeNeverFalls(records);
      expect(records.every((record) => Number.isFinite(record.time) && record.time > 0)).toBe(true);
    });

    withLog('the time of a record is the same at every read', async ({ log, second }) => {
      await log.append(numbered(0, 3));
      const times = (await readAll(log, 0)).map((record) => record.time);
      expect((await readAll(second, 0, 1)).map((record) => record.time)).toEqual(times.slice(1));
    });

    withLog('values and keys come back as they were', async ({ log }) => {
      await log.append(AWKWARD.map((value, i) => ({ partition: 0, key: `key ${value.slice(0, 40)} ${i}`, value })));
      expect((await readAll(log, 0)).map((record) => record.value)).toEqual(AWKWARD);
      expect((await readAll(log, 0)).map((record) => record.key)).toEqual(AWKWARD.map((value, i) => `key ${value.slice(0, 40)} ${i}`));
      // Alone, since what is joined with others and what is not may take different ways.
      for (const value of AWKWARD) {
        const [position] = (await log.append([{ partition: 1, key: value, value }])).offsets;
        expect(await log.read(1, position?.offset ?? -1, 1)).toMatchObject([{ key: value, value }]);
      }
    });

    withLog('refuses text that is not one line, or that would come back changed', async ({ log }) => {
      for (const bad of ['a\nb', 'a\u0000b', '\n', '\u0000', '\ud800', 'x\udc00y']) {
        await expect(log.append([{ partition: 0, key: 'k', value: bad }])).rejects.toMatchObject({ code: 'INPUT_INVALID' });
        await expect(log.append([{ partition: 0, key: bad, value: 'v' }])).rejects.toMatchObject({ code: 'INPUT_INVALID' });
      }
      expect(await log.ends()).toEqual([0, 0, 0, 0]);
    });

    withLog('refuses a record that is too large, and takes a large one', async ({ log }) => {
      await expect(log.append([{ partition: 0, key: 'k', value: 'x'.repeat(64 << 20) }])).rejects.toMatchObject({
        code: 'BATCH_TOO_LARGE',
      });
      const large = 'y'.repeat(3 << 20);
      await log.append([...numbered(0, 1), { partition: 0, key: 'k', value: large }, ...numbered(0, 1, 2)]);
      const records = await readAll(log, 0);
      expect(records.map((record) => record.value.length)).toEqual([1, large.length, 1]);
    });

    withLog('wait ends at an append', async ({ log }) => {
      const waited = log.wait(2, 600_000, new AbortController().signal);
      await log.append(numbered(2, 1));
      await waited;
      expect(await log.read(2, 0, 1)).toHaveLength(1);
    });

    withLog('wait ends at once for an append between the last read and the wait', async ({ log }) => {
      expect(await log.read(2, 0, 1)).toEqual([]);
      await log.append(numbered(2, 1));
      await log.wait(2, 600_000, new AbortController().signal);
      expect(await log.read(2, 0, 1)).toHaveLength(1);
    });

    withLog('wait ends on abort, also when aborted before', async ({ log }) => {
      const stop = new AbortController();
      const waited = log.wait(0, 600_000, stop.signal);
      stop.abort();
      await waited;
      await log.wait(0, 600_000, stop.signal);
    });

    withLog('wait ends when its time is up', async ({ log }) => {
      await log.wait(0, 1, new AbortController().signal);
    });

    withLog('an idle partition holds up no other', async ({ log }) => {
      const stop = new AbortController();
      const idle = log.wait(0, 600_000, stop.signal);
      for (let i = 0; i < 5; i += 1) await log.append(numbered(3, 1, i));
      expect(await readAll(log, 3)).toHaveLength(5);
      expect(await log.read(0, 0, 10)).toEqual([]);
      stop.abort();
      await idle;
    });

    withLog('reading below what retention left goes on at the first record kept', async ({ log, second, trim }) => {
      if (trim === undefined) return;
      for (let i = 0; i < 6; i += 1) await log.append([...numbered(0, 5, i * 5), ...numbered(1, 1, i)]);
      await trim(0, 12);
      for (const handle of [log, second]) {
        const records = await readAll(handle, 0);
        const first = records[0]?.offset ?? -1;
        expect(first).toBeGreaterThan(0);
        expect(first).toBeLessThanOrEqual(12);
        expect(records.map((record) => record.value)).toEqual(Array.from({ length: 30 - first }, (_, i) => String(first + i)));
        expect((await handle.read(0, 0, 1))[0]).toMatchObject({ offset: first });
        expect((await handle.ends())[0]).toBe(30);
        expect(await readAll(handle, 1)).toHaveLength(6);
      }
      await trim(0, 30);
      expect(await log.read(0, 0, 10)).toEqual([]);
      expect(await log.append(numbered(0, 1, 30))).toEqual({ offsets: [{ partition: 0, offset: 30 }] });
      expect((await readAll(log, 0)).map((record) => record.offset)).toEqual([30]);
    });
  });
}

/** Records of a partition whose values are running numbers. */
function numbered(partition: number, count: number, from = 0): NewRecord[] {
  return Array.from({ length: count }, (_, i) => ({ partition, key: 'k', value: String(from + i) }));
}

async function readAll(log: Log, partition: number, from = 0): Promise<LogRecord[]> {
  const all: LogRecord[] = [];
  for (let at = from; ;) {
    const more = await log.read(partition, at, 1000);
    all.push(...more);
    const last = more.at(-1);
    if (last === undefined) return all;
    at = last.offset + 1;
  }
}

/** Whether the records of a writer, whose values are "writer/round/index", are in the order in which it wrote them. */
function inOrder(records: readonly LogRecord[], writer: number): boolean {
  const ranks = records
    .filter((record) => record.key === `writer-${writer}`)
    .map(({ value }) => {
      const [, round, index] = value.split('/').map(Number);
      return (round ?? 0) * 1000 + (index ?? 0);
    });
  return ranks.every((rank, i) => i === 0 || rank > (ranks[i - 1] ?? -1));
}

function expectTimeNeverFalls(records: readonly LogRecord[]): void {
  for (const [i, record] of records.entries()) {
    if (i > 0) expect(record.time).toBeGreaterThanOrEqual(records[i - 1]?.time ?? Number.POSITIVE_INFINITY);
  }
}
