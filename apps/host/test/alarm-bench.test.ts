import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';

import { main } from '../src/cli/main.ts';

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'kidjamo-alarm-bench-'));
});

afterAll(async () => {
  await rm(folder, { recursive: true });
});

/** What the command prints. */
async function run(...args: readonly string[]): Promise<{ code: number; text: string }> {
  const out = vi.spyOn(process.stdout, 'write').mockReturnValue(true);
  const err = vi.spyOn(process.stderr, 'write').mockReturnValue(true);
  try {
    const code = await main(['alarm-bench', ...args]);
    return { code, text: out.mock.calls.map(([chunk]) => String(chunk)).join('') };
  } finally {
    out.mockRestore();
    err.mockRestore();
  }
}

test('the figures of each detector, and the same bytes again', { timeout: 60_000 }, async () => {
  const options = ['--patients', '1', '--days', '1', '--seed', '4', '--json'];
  const { code, text } = await run(...options);
  expect(code).toBe(0);
  const result = JSON.parse(text) as Record<string, Record<string, unknown>>;
  for (const name of ['engine', 'raw_limits', 'news2'])
    for (const figure of ['sensitivity', 'median_detection_s', 'non_actionable_per_patient_day', 'pages_per_patient_day'])
      expect(result[name], name).toHaveProperty(figure);
  expect(result['raw_limits']).toMatchObject({ patients: 1, patient_days: 1 });
  expect(result['options']).toMatchObject({ patients: 1, days: 1, seeds: [4] });
  expect(result).not.toHaveProperty('recorded');
  expect((await run(...options)).text).toBe(text);
});

test('a recorded file alone is not compared with anything simulated', async () => {
  const file = join(folder, 'recorded.csv');
  await writeFile(file, 'source,subject,t,heart_rate,spo2,resp_rate,temperature\ns,a,0,70,97,14,\ns,a,43200,70,85,14,36.8\n');
  const { code, text } = await run('--recorded', file, '--json');
  expect(code).toBe(0);
  const result = JSON.parse(text) as { recorded: Record<string, unknown> };
  expect(Object.keys(result)).toEqual(['recorded']);
  expect(result.recorded['raw_limits']).toMatchObject({ patients: 1, patient_days: 0.5, pages_per_patient_day: 2 });
});

test('the document and its figure are written where they are asked for', { timeout: 60_000 }, async () => {
  const file = join(folder, 'benchmark.md');
  expect((await run('--patients', '1', '--days', '1', '--seed', '7,8', '--out', file)).code).toBe(0);
  const text = await readFile(file, 'utf8');
  expect(text).toContain('Simulated is not clinical.');
  expect(text).toContain('| Seeds | 7, 8: development seeds');
  expect(text).toContain('](benchmark.svg)');
  expect(await readFile(join(folder, 'benchmark.svg'), 'utf8')).toMatch(/^<svg [^]*<\/svg>\n$/);
});

test.each([
  [['--seed', '1,x'], /--seed must be a whole number/],
  [['--seed', '1,'], /--seed takes/],
  [['--seed', '2,2'], /--seed takes/],
  [['--patients', '0'], /--patients must be/],
  [['--days', '1.5'], /--days must be/],
  [['--recorded', '/nowhere/at/all.csv'], /does not exist/],
])('what cannot be is refused: %j', async (args, message) => {
  const { code, text } = await run(...args, '--json');
  expect(code).toBeGreaterThan(0);
  expect(JSON.parse(text)).toMatchObject({ ok: false, error: { message: expect.stringMatching(message) as string } });
});
