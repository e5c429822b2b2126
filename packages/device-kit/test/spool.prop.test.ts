import { appendFile, cp, mkdir, mkdtemp, readFile, readdir, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';

import { systemClock, systemRandom } from '../src/clock.ts';
import { Progress } from '../src/spool/progress.ts';
import { Spool } from '../src/spool/spool.ts';

const ALL = { items: 1000, bytes: 1 << 20 };
const readings = fc.array(fc.string({ maxLength: 40 }), { minLength: 1, maxLength: 6 });

async function open(folder: string): Promise<Spool> {
  return Spool.open({
    folder,
    clock: systemClock,
    random: systemRandom,
    maxBytes: 1 << 20,
    segmentBytes: 200,
    maxRefusedBytes: 1 << 20,
    sync: false,
    dropOldest: false,
    onLost: (why) => expect.fail(why),
  });
}

async function inFolder(work: (folder: string) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'spool-'));
  try {
    await work(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Everything that is pending, in order. */
async function drain(spool: Spool): Promise<string[]> {
  const texts: string[] = [];
  for (let batch = await spool.batch(ALL); batch !== undefined; batch = await spool.batch(ALL)) {
    for (const { payload } of batch.readings) texts.push(payload.toString());
    await spool.settle(batch, []);
  }
  return texts;
}

async function append(spool: Spool, texts: readonly string[]): Promise<void> {
  for (const text of texts) await spool.append(Buffer.from(JSON.stringify(text)));
}

test('cut at any byte of the last write, the spool gives what was acknowledged before, and not a part of a reading', async () => {
  await fc.assert(
    fc.asyncProperty(readings, fc.string({ maxLength: 60 }), async (acknowledged, last) => {
      await inFolder(async (base) => {
        const whole = join(base, 'whole');
        let spool = await open(whole);
        await append(spool, acknowledged);
        await spool.close();
        const sizes = new Map<string, number>();
        for (const name of await readdir(join(whole, 'readings'))) sizes.set(name, (await readFile(join(whole, 'readings', name))).length);
        spool = await open(whole);
        await append(spool, [last]);
        await spool.close();
        const name = (await readdir(join(whole, 'readings'))).sort().at(-1) ?? '';
        const end = (await readFile(join(whole, 'readings', name))).length;
        for (let size = sizes.get(name) ?? 0; size <= end; size += 1) {
          const copy = join(base, String(size));
          await cp(whole, copy, { recursive: true });
          await truncate(join(copy, 'readings', name), size);
          const cut = await open(copy);
          // What comes after the cut stands behind it, and not behind the torn write.
          await append(cut, ['next']);
          const kept = size === end ? [...acknowledged, last] : acknowledged;
          expect(await drain(cut)).toEqual([...kept, 'next'].map((text) => JSON.stringify(text)));
          await cut.close();
          await rm(copy, { recursive: true });
        }
      });
    }),
    { numRuns: 5 },
  );
});

test('cut at any byte, the progress is what it was after the last whole write', async () => {
  await inFolder(async (base) => {
    const whole = join(base, 'whole');
    await mkdir(whole);
    const progress = await Progress.open(whole);
    const states: { size: number; position: number; key: string | undefined }[] = [];
    const note = async (): Promise<void> => {
      const { size } = await stat(join(whole, 'progress.log'));
      states.unshift({ size, position: progress.position, key: progress.seal?.key });
    };
    await note();
    for (let n = 0; n < 3; n += 1) {
      await progress.sealBatch({ key: `key-${String(n)}`, first: n, last: n, crc: n });
      await note();
      await progress.moveTo(n + 1);
      await note();
    }
    await progress.close();
    const bytes = await readFile(join(whole, 'progress.log'));
    const cut = join(base, 'cut');
    await mkdir(cut);
    for (let size = 0; size <= bytes.length; size += 1) {
      await writeFile(join(cut, 'progress.log'), bytes.subarray(0, size));
      const found = await Progress.open(cut);
      const expected = states.find((state) => state.size <= size);
      expect([found.position, found.seal?.key]).toEqual([expected?.position, expected?.key]);
      await found.close();
    }
  });
});

test('any bytes behind the last reading are cut off', async () => {
  await fc.assert(
    fc.asyncProperty(readings, fc.uint8Array({ maxLength: 100 }), async (texts, noise) => {
      await inFolder(async (folder) => {
        let spool = await open(folder);
        await append(spool, texts);
        await spool.close();
        const name = (await readdir(join(folder, 'readings'))).sort().at(-1) ?? '';
        await appendFile(join(folder, 'readings', name), noise);
        spool = await open(folder);
        expect(await drain(spool)).toEqual(texts.map((text) => JSON.stringify(text)));
        await spool.close();
      });
    }),
    { numRuns: 30 },
  );
});

test('whatever the order of appends, batches, deliveries and new starts, every reading is settled once and in order', async () => {
  const step = fc.oneof(fc.constant('append'), fc.constant('settle'), fc.constant('split'), fc.constant('reopen'));
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
      await inFolder(async (folder) => {
        let spool = await open(folder);
        let n = 0;
        const settled: string[] = [];
        const keys = new Map<string, string>();
        for (const what of steps) {
          if (what === 'append') await append(spool, [String((n += 1))]);
          if (what === 'reopen') {
            await spool.close();
            spool = await open(folder);
          }
          if (what !== 'settle' && what !== 'split') continue;
          const batch = await spool.batch(ALL);
          if (batch === undefined) continue;
          expect(keys.get(batch.key) ?? batch.body.toString()).toBe(batch.body.toString());
          keys.set(batch.key, batch.body.toString());
          if (what === 'split') await spool.split(batch);
          else {
            await spool.settle(batch, []);
            settled.push(...batch.readings.map(({ payload }) => payload.toString()));
          }
        }
        settled.push(...(await drain(spool)));
        expect(settled).toEqual(Array.from({ length: n }, (_, i) => JSON.stringify(String(i + 1))));
        await spool.close();
      });
    }),
  );
});
