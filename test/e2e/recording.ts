/** The recorded readings of the shared data, what is expected of them, and what a store holds of them. */
import { createWriteStream } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { once } from 'node:events';
import { gunzipSync } from 'node:zlib';
import { expect } from 'vitest';

const DATA = resolve(process.env['KIDJAMO_DATA'] ?? join(import.meta.dirname, '../../../shared/data'));

/** The recording as delivered. */
export const RECORDING = join(DATA, 'vitals_dev.csv.gz');

/** Counts and sums by which two collections of readings are told apart. */
export interface Totals {
  readonly readings: number;
  readonly subjects: number;
  readonly heart_rate: number;
  readonly spo2: number;
  readonly resp_rate: number;
  readonly temperature: number;
  readonly spo2_lt_88: number;
  readonly temperature_ge_38: number;
  readonly heart_rate_out: number;
  readonly combination: number;
}

/** What `vitals_dev_expected.json` says. */
export interface Expected {
  readonly readings: number;
  readonly subjects: number;
  readonly rules: Readonly<Record<string, number>>;
  readonly subjects_breaching: Readonly<Record<string, number>>;
  readonly first_20_subjects: readonly string[];
}

export async function readExpected(): Promise<Expected> {
  return (JSON.parse(await readFile(join(DATA, 'vitals_dev_expected.json'), 'utf8')) as { dev: Expected }).dev;
}

/** A window of `vitals_dev_windows.csv`, by subject, start and vital. */
export async function readWindows(): Promise<Map<string, { count: number; mean: number; min: number; max: number }>> {
  const [, ...lines] = (await readFile(join(DATA, 'vitals_dev_windows.csv'), 'utf8')).trim().split('\n');
  return new Map(
    lines.map((line) => {
      const [subject, start, vital, count, mean, min, max] = line.split(',');
      return [
        `${subject ?? ''} ${start ?? ''} ${vital ?? ''}`,
        { count: Number(count), mean: Number(mean), min: Number(min), max: Number(max) },
      ];
    }),
  );
}

/** The lines of the recording without its header, the first `limit` of them. */
export async function readLines(limit: number): Promise<{ header: string; lines: string[] }> {
  const [header = '', ...lines] = gunzipSync(await readFile(RECORDING))
    .toString()
    .trim()
    .split('\n');
  return { header, lines: lines.slice(0, limit) };
}

/** So many lines: the recording, and where that is not enough the same again under other subjects, and so under other devices. */
export async function repeatLines(count: number): Promise<{ header: string; lines: string[] }> {
  const { header, lines: once } = await readLines(Number.POSITIVE_INFINITY);
  const lines = once.slice(0, count);
  for (let copy = 1; lines.length < count; copy += 1) {
    for (const line of once.slice(0, count - lines.length)) {
      const [source = '', subject = '', ...rest] = line.split(',');
      lines.push([source, `${subject}-${String(copy)}`, ...rest].join(','));
    }
  }
  return { header, lines };
}

/** Writes lines as a CSV file of their own. */
export async function writeLines(path: string, header: string, lines: readonly string[]): Promise<void> {
  const file = createWriteStream(path);
  file.end(`${[header, ...lines].join('\n')}\n`);
  await once(file, 'finish');
}

/** The totals of lines of the recording, computed here and not by the product. */
export function totalsOf(lines: readonly string[]): Totals {
  const subjects = new Set<string>();
  const sums = { heart_rate: 0, spo2: 0, resp_rate: 0, temperature: 0 };
  const counts = { spo2_lt_88: 0, temperature_ge_38: 0, heart_rate_out: 0, combination: 0 };
  for (const line of lines) {
    const [, subject = '', , hr = '', spo2 = '', rr = '', t = ''] = line.split(',');
    subjects.add(subject);
    sums.heart_rate += Number(hr);
    sums.spo2 += Number(spo2);
    sums.resp_rate += Number(rr);
    sums.temperature += Number(t);
    if (spo2 !== '' && Number(spo2) < 88) counts.spo2_lt_88 += 1;
    if (t !== '' && Number(t) >= 38) counts.temperature_ge_38 += 1;
    if (hr !== '' && (Number(hr) < 40 || Number(hr) > 180)) counts.heart_rate_out += 1;
    if (spo2 !== '' && t !== '' && Number(spo2) <= 92 && Number(t) >= 38) counts.combination += 1;
  }
  return { readings: lines.length, subjects: subjects.size, ...sums, ...counts };
}

/** The same totals as a query, on the store or the lake: they differ in the names of the patient only. */
export function totalsSql(table: 'measurements' | 'bronze_readings'): string {
  const patient = table === 'measurements' ? 'patient_id' : 'patient_pseudonym';
  const contains = (code: string): string =>
    table === 'measurements' ? `'${code}' = ANY (breaches)` : `list_contains(breaches, '${code}')`;
  const count = (code: string, name: string): string => `count(*) FILTER (WHERE ${contains(code)}) AS ${name}`;
  return `SELECT count(*) AS readings, count(DISTINCT ${patient}) AS subjects,
    sum(heart_rate_bpm) AS heart_rate, sum(spo2_percent) AS spo2, sum(respiratory_rate_min) AS resp_rate, sum(temperature_celsius) AS temperature,
    ${count('CRITICAL_SPO2', 'spo2_lt_88')}, ${count('CRITICAL_TEMPERATURE', 'temperature_ge_38')},
    ${count('CRITICAL_HEART_RATE', 'heart_rate_out')}, ${count('CRITICAL_COMBINATION_FEVER_SPO2', 'combination')} FROM ${table}`;
}

/** The counts are equal, and the sums too but for the order of adding. */
export function expectTotals(actual: Totals | undefined, expected: Totals): void {
  expect(actual).toBeDefined();
  for (const [name, value] of Object.entries(expected) as [keyof Totals, number][]) {
    expect(Math.abs((actual?.[name] ?? Number.NaN) - value), name).toBeLessThanOrEqual(Math.abs(value) * 1e-12);
  }
}

/** What `kidjamo replay --json` prints. */
export interface ReplaySummary {
  readonly ok: boolean;
  readonly sent: number;
  readonly acknowledged: number;
  readonly stored: number;
  readonly duplicate: number;
  readonly quarantined: number;
  readonly skipped: number;
}
