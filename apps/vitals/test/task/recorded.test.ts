/** The task on recorded readings, dirty as they are: nothing lost, every floor counted, every window reproduced. */
import { createReadStream, existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { createGunzip } from 'node:zlib';

import type { TaskContext } from '@kidjamo/stream';
import { describe, expect, test } from 'vitest';

import type { Reading, Vitals } from '../../src/contracts/reading.ts';
import type { AlertRow, MeasurementRow, PaneRow } from '../../src/contracts/rows.ts';
import { deterministicId, messageId } from '../../src/domain/ids.ts';
import { createVitalsTask } from '../../src/pipeline/task.ts';

const folder = resolve(process.env['KIDJAMO_DATA'] ?? join(import.meta.dirname, '../../../../../shared/data'));
const file = join(folder, 'vitals_dev.csv.gz');

interface Expected {
  readonly readings: number;
  readonly subjects: number;
  readonly rules: Readonly<Record<string, number>>;
  readonly subjects_breaching: Readonly<Record<string, number>>;
}

/** How the expected counts name what a stored reading says. */
const RULES: Readonly<Record<string, (row: MeasurementRow) => boolean>> = {
  spo2_lt_88: ({ breaches }) => breaches?.includes('CRITICAL_SPO2') ?? false,
  temperature_ge_38: ({ breaches }) => breaches?.includes('CRITICAL_TEMPERATURE') ?? false,
  heart_rate_lt_40: ({ breaches, heart_rate_bpm: rate }) => (breaches?.includes('CRITICAL_HEART_RATE') ?? false) && (rate ?? 0) < 100,
  heart_rate_gt_180: ({ breaches, heart_rate_bpm: rate }) => (breaches?.includes('CRITICAL_HEART_RATE') ?? false) && (rate ?? 0) > 100,
  spo2_le_92_and_temperature_ge_38: ({ breaches }) => breaches?.includes('CRITICAL_COMBINATION_FEVER_SPO2') ?? false,
};

/** Keeps what the test counts, and state as objects, since the whole file goes through it. */
class Collector implements TaskContext {
  logTime = Date.UTC(2026, 10, 20);
  readonly states = new Map<string, unknown>();
  readonly counters = new Map<string, number>();
  readonly breaching = new Map<string, { readings: number; readonly patients: Set<string> }>();
  readonly patients = new Set<string>();
  readonly panes = new Map<string, PaneRow>();
  readonly alerts = new Map<string, AlertRow>();
  flaggedZeros = 0;
  keepPanes = true;

  get<S>(key: string): S | undefined {
    return this.states.get(key) as S | undefined;
  }
  put(key: string, state: unknown): void {
    this.states.set(key, state);
  }
  row(table: string, row: object): void {
    if (table === 'measurements') this.#measurement(row as MeasurementRow);
    else if (table === 'alerts') this.alerts.set((row as AlertRow).alert_id, row as AlertRow);
    else if (table === 'window_panes' && this.keepPanes) this.#pane(row as PaneRow);
  }
  rowOf(table: string, _thing: object, make: () => object): void {
    this.row(table, make());
  }
  count(counter: string, n = 1): void {
    this.counters.set(counter, (this.counters.get(counter) ?? 0) + n);
  }
  output(): void {
    // The logs are looked at elsewhere.
  }
  arm(): void {
    // Log time stands still.
  }
  disarm(): void {
    // Log time stands still.
  }
  deadLetter(reason: string): void {
    expect.fail(reason);
  }

  #measurement(row: MeasurementRow): void {
    this.patients.add(row.patient_id);
    if (row.heart_rate_bpm === 0 && row.quality_codes?.includes('out_of_range') === true) this.flaggedZeros += 1;
    for (const [rule, holds] of Object.entries(RULES)) {
      if (!holds(row)) continue;
      const found = this.breaching.get(rule) ?? { readings: 0, patients: new Set<string>() };
      found.readings += 1;
      found.patients.add(row.patient_id);
      this.breaching.set(rule, found);
    }
  }
  #pane(row: PaneRow): void {
    this.panes.set(`${row.patient_id}/${row.minute}`, row);
  }
}

const START = Date.UTC(2024, 0, 1);
const VITAL_COLUMNS = ['heart_rate', 'spo2', 'resp_rate', 'temperature'] as const;

const patientOf = (subject: string): string => deterministicId('subject', subject);

function toReading(line: string, received: number): { subject: string; reading: Reading } {
  const [, subject = '', t = '', ...values] = line.split(',');
  const vitals: Vitals = Object.fromEntries(
    VITAL_COLUMNS.flatMap((vital, i) => (values[i] === '' || values[i] === undefined ? [] : [[vital, Number(values[i])]])),
  );
  const at = START + Number(t) * 1000;
  const patient = patientOf(subject);
  return {
    subject,
    reading: {
      kind: 'reading',
      id: messageId(patient, at),
      patient,
      device: patient,
      at,
      received,
      correlation: 'replay',
      digest: line,
      source: 'import',
      imported: true,
      vitals,
    },
  };
}

async function replay(collector: Collector, keptSubjects: number): Promise<string[]> {
  const task = createVitalsTask();
  const subjects = new Set<string>();
  let offset = 0;
  for await (const line of createInterface({ input: createReadStream(file).pipe(createGunzip()) })) {
    if (line.startsWith('source,')) continue;
    const { subject, reading } = toReading(line, collector.logTime);
    subjects.add(subject);
    collector.keepPanes = subjects.size <= keptSubjects;
    task.process({ record: { partition: 0, offset, key: '', value: '', time: collector.logTime }, value: reading }, collector);
    offset += 1;
  }
  return [...subjects].slice(0, keptSubjects);
}

describe('recorded readings', () => {
  test('come out whole, with the floors and windows that were computed apart', { timeout: 300_000 }, async (context) => {
    if (!existsSync(file)) context.skip(`there are no recorded readings at ${file}; KIDJAMO_DATA may name another folder`);
    const expected = (JSON.parse(await readFile(join(folder, 'vitals_dev_expected.json'), 'utf8')) as { dev: Expected }).dev;
    const windows = (await readFile(join(folder, 'vitals_dev_windows.csv'), 'utf8')).trim().split('\n').slice(1);

    const collector = new Collector();
    const subjects = await replay(collector, 20);

    expect(collector.counters.get('stored')).toBe(expected.readings);
    expect(collector.counters.get('late') ?? 0).toBe(0);
    expect(collector.patients.size).toBe(expected.subjects);
    expect(Object.fromEntries([...collector.breaching].map(([rule, { readings }]) => [rule, readings]))).toEqual(expected.rules);
    expect(Object.fromEntries([...collector.breaching].map(([rule, { patients }]) => [rule, patients.size]))).toEqual(
      expected.subjects_breaching,
    );
    expect(collector.flaggedZeros).toBeGreaterThan(0);
    expect([...collector.alerts.values()].filter(({ ack_deadline: deadline }) => deadline !== null)).toEqual([]);
    expect(new Set([...collector.alerts.values()].map((alert) => `${String(alert.patient_id)}/${alert.alert_type}`)).size).toBe(
      collector.alerts.size,
    );

    const cells = new Map(windows.map((line) => [line.split(',').slice(0, 3).join(), line.split(',').slice(3).map(Number)]));
    expect(cells.size).toBe(windows.length);
    const computed = subjects.flatMap((subject) => windowsOf(collector.panes, subject));
    expect(computed.map(([key]) => key).sort()).toEqual([...cells.keys()].sort());
    for (const [key, [count, mean, min, max]] of computed) {
      const [wantCount = Number.NaN, wantMean = Number.NaN, wantMin = Number.NaN, wantMax = Number.NaN] = cells.get(key) ?? [];
      expect(count).toBe(wantCount);
      expect(Math.abs(mean - wantMean)).toBeLessThanOrEqual(1e-9);
      expect([min, max]).toEqual([wantMin, wantMax]);
    }
  });
});

type WindowCell = [key: string, [count: number, mean: number, min: number, max: number]];

/** Windows [start, start + 5 min) of a subject, from its panes. */
function windowsOf(panes: ReadonlyMap<string, PaneRow>, subject: string): WindowCell[] {
  const cells = new Map<string, { count: number; sum: number; min: number; max: number }>();
  const patient = patientOf(subject);
  for (const pane of panes.values()) {
    if (pane.patient_id !== patient) continue;
    const start = new Date(Math.floor(pane.minute / 300_000) * 300_000).toISOString().replace('.000Z', 'Z');
    for (const vital of VITAL_COLUMNS) {
      const count = pane[`${vital}_count`];
      if (count === 0) continue;
      const key = `${subject},${start},${vital}`;
      const cell = cells.get(key) ?? { count: 0, sum: 0, min: Number.POSITIVE_INFINITY, max: Number.NEGATIVE_INFINITY };
      cell.count += count;
      cell.sum += pane[`${vital}_sum`] ?? Number.NaN;
      cell.min = Math.min(cell.min, pane[`${vital}_min`] ?? Number.NaN);
      cell.max = Math.max(cell.max, pane[`${vital}_max`] ?? Number.NaN);
      cells.set(key, cell);
    }
  }
  return [...cells].map(([key, { count, sum, min, max }]) => [key, [count, sum / count, min, max]]);
}
