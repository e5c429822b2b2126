import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';

import { main } from '../src/cli/main.ts';
import { simulateMedical } from '../src/cli/simulate-medical.ts';
import type { MedicalSimulation } from '../src/cli/simulate-medical.ts';

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'kidjamo-simulate-'));
});

afterAll(async () => {
  await rm(folder, { recursive: true });
});

const FROM = Date.UTC(2026, 10, 1);
const DAY: MedicalSimulation = {
  seed: 9,
  patients: 4,
  minutes: 1440,
  intervalS: 60,
  from: FROM,
  rates: ['crisis=2', 'offline=3', 'floor_crossing=0'],
  truth: undefined,
  onMinute: () => undefined,
};

async function lines(path: string): Promise<readonly Record<string, unknown>[]> {
  const text = await readFile(path, 'utf8');
  expect(text.endsWith('\n')).toBe(true);
  return text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
}

test('readings and truth are written, and again the same', async () => {
  const paths = ['one', 'two'].map((name) => ({ out: join(folder, `${name}.ndjson`), truth: join(folder, `${name}-truth.ndjson`) }));
  const runs = [];
  for (const { out, truth } of paths) runs.push(await simulateMedical({ ...DAY, truth }, { out }, new AbortController().signal));
  const [first, second] = paths;
  if (first === undefined || second === undefined) throw new Error('no paths');
  expect(await readFile(second.out, 'utf8')).toBe(await readFile(first.out, 'utf8'));
  expect(await readFile(second.truth, 'utf8')).toBe(await readFile(first.truth, 'utf8'));
  expect(runs[1]).toEqual(runs[0]);

  const readings = await lines(first.out);
  expect(readings).toHaveLength(runs[0]?.sent ?? 0);
  const received = readings.map(({ received_at: at }) => String(at));
  expect(received).toEqual(received.toSorted());
  expect(new Set(readings.map(({ format }) => format))).toEqual(new Set(['nested', 'cloud']));

  const truth = await lines(first.truth);
  expect(truth[0]).toMatchObject({ type: 'simulation', patients: 4, rates: { crisis: 2, offline: 3, floor_crossing: 0 } });
  const kinds = (type: string): Record<string, number> => {
    const counts: Record<string, number> = {};
    for (const record of truth) if (record['type'] === type) counts[String(record['kind'])] = (counts[String(record['kind'])] ?? 0) + 1;
    return counts;
  };
  expect(kinds('episode')).toEqual(runs[0]?.episodes);
  expect(kinds('artefact')).toEqual(runs[0]?.artefacts);
});

test('Ctrl-C ends it early, and what was written is whole', async () => {
  const out = join(folder, 'stopped.ndjson');
  const stop = new AbortController();
  const counts = await simulateMedical({ ...DAY, onMinute: () => stop.abort() }, { out }, stop.signal);
  expect(counts.sent).toBe(500);
  expect(await lines(out)).toHaveLength(500);
});

test('a rate that cannot be is refused, and no file is made', async () => {
  const truth = join(folder, 'never.ndjson');
  for (const rate of ['crisis', 'crisis=', 'crisis=x', 'fever=1', 'crisis=-1', 'motion=1000', 'floor_crossing=50'])
    await expect(
      simulateMedical({ ...DAY, truth, rates: [rate] }, { out: join(folder, 'never-out.ndjson') }, new AbortController().signal),
    ).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
  await expect(readFile(truth)).rejects.toMatchObject({ code: 'ENOENT' });
});

test.each([
  ['--patients', '3'],
  ['--truth', 'truth.ndjson'],
  ['--rate', 'crisis=1'],
  ['--model', 'medical', '--scenario', 'crisis'],
])('what one model has no use for is refused: %s %s %s %s', async (...args) => {
  expect(await main(['simulate', ...args.filter((arg) => typeof arg === 'string')])).toBe(2);
});
