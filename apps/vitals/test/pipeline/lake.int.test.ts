import { randomUUID } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { LAKE_MIGRATIONS, LakeEngine, openLake } from '@kidjamo/connector-lake';
import type { Lake } from '@kidjamo/connector-lake';
import { createTestDatabase } from '@kidjamo/connector-postgres/testing';
import type { TestDatabase } from '@kidjamo/connector-postgres/testing';
import type { LogRecord } from '@kidjamo/stream';
import pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';

import type { AlertOut, DeviceStatusOut, PaneOut, ReadingOut } from '../../src/contracts/outputs.ts';
import type { HeldReading, ManualAlert, Reading } from '../../src/contracts/reading.ts';
import { VITALS } from '../../src/contracts/reading.ts';
import { LOGS } from '../../src/contracts/logs.ts';
import { ANOMALIES, classOf, WINDOW_LENGTH, WINDOW_SLIDE } from '../../src/domain/windows.ts';
import { LAKE_TABLES, LAKE_VIEWS, lakeSinks } from '../../src/pipeline/lake/index.ts';

const START = Date.UTC(2024, 0, 1);
const MINUTE = 60_000;
const PATIENTS = [randomUUID(), randomUUID()] as const;
const DEVICE = randomUUID();
const SECRETS = [...PATIENTS, DEVICE, 'Jane Doe', 'jane.doe@example.org'];

const reading: Reading = {
  kind: 'reading',
  id: randomUUID(),
  patient: PATIENTS[0],
  device: DEVICE,
  at: START + 0.5,
  received: START + 1000,
  digest: 'd',
  correlation: `c ${PATIENTS[0]}`,
  source: 'nested',
  vitals: { heart_rate: 71.5, spo2: 97, pain: 0 },
  quality_flag: 'Jane Doe is restless',
  confidence: 80,
  firmware: PATIENTS[0],
  device_state: 'Jane Doe',
  extra: { note: 'jane.doe@example.org' },
};
const held: HeldReading = {
  ...reading,
  kind: 'held',
  id: randomUUID(),
  firmware: '2.1.0-rc1',
  quality_flag: 'motion',
  quarantine: randomUUID(),
  reason: 'future',
  patient_known: false,
};
const manual: ManualAlert = {
  kind: 'manual_alert',
  id: randomUUID(),
  digest: 'd',
  at: START,
  patient: PATIENTS[0],
  received: START,
  correlation: 'c',
  alert_type: 'Jane Doe fell',
  severity: 'alert',
  message: 'Jane Doe fell',
  vitals: { spo2: 'low' },
};

const readings: ReadingOut[] = [0, 3, 5, 1439, 1441].map((minute, index) => ({
  message_id: randomUUID(),
  patient_id: PATIENTS[index % 2] ?? '',
  device_id: DEVICE,
  recorded_at: START + minute * MINUTE,
  received_at: START + minute * MINUTE + 7,
  heart_rate: 40 + 30 * index,
  source: 'import',
  imported: true,
  late: false,
  breaches: index === 0 ? ['heart_rate_lt_40'] : [],
  quality: ['motion'],
  quality_flag: 'motion',
  low_confidence: false,
  firmware: index === 0 ? 'Jane Doe' : '1.2',
  age_band: 'G5',
  correlation: PATIENTS[0],
}));

const panes: PaneOut[] = Array.from({ length: 30 }, (_, i): PaneOut => {
  const rate = 45 + 5 * i;
  const cold = {
    patient_id: PATIENTS[0],
    device_id: DEVICE,
    minute: START + i * 2 * MINUTE,
    count: 2,
    quality_sum: i % 3 === 0 ? 150 : 0,
    quality_count: i % 3 === 0 ? 2 : 0,
  };
  const heart = { heart_rate_count: 2, heart_rate_sum: 2 * rate + 0.2, heart_rate_min: rate, heart_rate_max: rate + 0.2 };
  return i % 4 === 0
    ? { ...cold, ...heart }
    : {
        ...cold,
        ...heart,
        temperature_count: 1,
        temperature_sum: 37 + i / 10,
        temperature_min: 37 + i / 10,
        temperature_max: 37 + i / 10,
        spo2_count: 1,
        spo2_sum: 96 - i / 2,
        spo2_min: 96 - i / 2,
        spo2_max: 96 - i / 2,
      };
});

const alerts: AlertOut[] = ['engine', 'manual'].map((source) => ({
  alert_id: randomUUID(),
  patient_id: PATIENTS[0],
  alert_type: source === 'engine' ? 'heart_rate_lt_40' : 'Jane Doe fell',
  severity: 'critical',
  reasons: ['heart_rate_lt_40', 'Jane Doe said so'],
  message: 'Jane Doe fell',
  recorded_at: START,
  created_at: START + 5,
  measurements: { who: 'Jane Doe' },
  context: { who: 'Jane Doe' },
  retrospective: false,
  uncertain: false,
  source: source as 'engine' | 'manual',
  correlation: 'c',
}));

const status: DeviceStatusOut = {
  message_id: randomUUID(),
  patient_id: PATIENTS[0],
  device_id: DEVICE,
  recorded_at: START,
  battery_level: 15,
  status: 'connected',
  firmware_version: 'Jane Doe',
  needs_attention: true,
  correlation: 'c',
};

const CONTENT: Readonly<Record<string, readonly object[]>> = {
  [LOGS.input]: [reading, held, manual, { ...reading, id: randomUUID(), vitals: {} }],
  [LOGS.readings]: readings,
  [LOGS.panes]: panes,
  [LOGS.alerts]: alerts,
  [LOGS.deviceStatus]: [status],
};

let home: string;
let database: TestDatabase;
let pool: pg.Pool;
let lake: Lake;

beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'kidjamo-vitals-lake-'));
  database = await createTestDatabase([LAKE_MIGRATIONS]);
  pool = new pg.Pool({ connectionString: database.url });
  const root = join(home, 'lake');
  const engine = await LakeEngine.open({ scratch: join(home, 'scratch'), key: { id: 'k1', key: Buffer.alloc(32, 7) } });
  const empty = await openLake({ root, pool, tables: LAKE_TABLES, views: LAKE_VIEWS, scratch: join(home, 'scratch') });
  expect((await empty.query('SELECT count(*) AS n FROM bronze_windows')).rows).toEqual([{ n: 0 }]);
  await empty.close();
  for (const sink of lakeSinks({ root, pool, engine })) {
    const records = (CONTENT[sink.log] ?? []).map((value, offset): LogRecord => ({
      partition: 0,
      offset,
      key: 'k',
      value: JSON.stringify(value),
      time: START,
    }));
    const lease = { log: sink.log, group: sink.name, partition: 0, generation: 1 };
    const from = await sink.open(lease);
    expect(await sink.write({ lease, from, to: records.length, records }, new AbortController().signal)).toEqual({ refused: [] });
  }
  await engine.close();
  lake = await openLake({ root, pool, tables: LAKE_TABLES, views: LAKE_VIEWS, scratch: join(home, 'scratch') });
});

afterAll(async () => {
  await lake.close();
  await pool.end();
  await database.drop();
  await rm(home, { recursive: true, force: true });
});

test('raw holds readings as received, those in quarantine included, and nothing of other kinds', async () => {
  const { rows } = await lake.query(
    'SELECT kind, message_id, recorded_at, received_at, heart_rate_bpm, spo2_percent, pain_scale, quality_flag, confidence_score, firmware_version, imported, source, hold_reason, patient_known FROM raw_readings ORDER BY log_offset',
  );
  const received = {
    kind: 'reading',
    message_id: reading.id,
    recorded_at: '2024-01-01T00:00:00.000500Z',
    received_at: '2024-01-01T00:00:01.000Z',
    heart_rate_bpm: 71.5,
    spo2_percent: 97,
    pain_scale: 0,
    quality_flag: null,
    confidence_score: 80,
    firmware_version: null,
    imported: null,
    source: 'nested',
    hold_reason: null,
    patient_known: null,
  };
  expect(rows).toHaveLength(3);
  expect(rows[0]).toEqual(received);
  expect(rows[1]).toEqual({
    ...received,
    kind: 'held',
    message_id: held.id,
    quality_flag: 'motion',
    firmware_version: '2.1.0-rc1',
    hold_reason: 'future',
    patient_known: false,
  });
});

test('bronze readings have the columns of PostgreSQL, and their pseudonyms are those of raw', async () => {
  const { rows } =
    await lake.query(`SELECT count(*) AS n, count(DISTINCT patient_pseudonym) AS patients, sum(heart_rate_bpm) AS rate, count(*) FILTER (list_contains(breaches, 'heart_rate_lt_40')) AS breaches,
    count(DISTINCT event_date) AS dates, list(DISTINCT firmware_version) FILTER (firmware_version IS NOT NULL) AS firmware FROM bronze_readings`);
  expect(rows).toEqual([{ n: 5, patients: 2, rate: 40 + 70 + 100 + 130 + 160, breaches: 1, dates: 2, firmware: ['1.2'] }]);
  const joined = await lake.query(
    'SELECT count(*) AS n FROM bronze_readings b WHERE EXISTS (FROM raw_readings r WHERE r.patient_pseudonym = b.patient_pseudonym AND r.device_pseudonym = b.device_pseudonym)',
  );
  expect(joined.rows).toEqual([{ n: 3 }]);
});

test('the columns of bronze readings are columns of measurements wherever both have them', async () => {
  const sql = await readFile(new URL('../../src/migrations/0001_vitals.sql', import.meta.url), 'utf8');
  const measurements = /CREATE TABLE measurements \(([^;]*)\) PARTITION/.exec(sql)?.[1] ?? '';
  const columns = (await lake.query('DESCRIBE bronze_readings')).rows.map((row) => row['column_name'] as string);
  const known = new Set([...measurements.matchAll(/^ {2}([a-z_0-9]+)/gm)].map((match) => match[1]));
  expect(columns.filter((column) => !known.has(column))).toEqual([
    'patient_pseudonym',
    'device_pseudonym',
    'genotype',
    'heat_index_method',
    'log_partition',
    'log_offset',
    'event_date',
  ]);
});

test('alerts and device status come without words', async () => {
  expect((await lake.query('SELECT alert_type, severity, reasons, source FROM bronze_alerts ORDER BY source')).rows).toEqual([
    { alert_type: 'heart_rate_lt_40', severity: 'critical', reasons: ['heart_rate_lt_40'], source: 'engine' },
    { alert_type: null, severity: 'critical', reasons: ['heart_rate_lt_40'], source: 'manual' },
  ]);
  expect((await lake.query('SELECT battery_percent, status, firmware_version, needs_attention FROM bronze_device_status')).rows).toEqual([
    { battery_percent: 15, status: 'connected', firmware_version: null, needs_attention: true },
  ]);
});

test('windows have the columns of PostgreSQL, in their order', async () => {
  const sql = await readFile(new URL('../../src/migrations/0002_windows.sql', import.meta.url), 'utf8');
  const returned = /RETURNS TABLE \(([^)]*)\)/.exec(sql)?.[1] ?? '';
  const expected = returned
    .split(',')
    .map((column) => (column.trim().split(' ')[0] ?? '').replace(/^(patient|device)_id$/, '$1_pseudonym'));
  expect(expected).toContain('avg_heart_rate');
  expect((await lake.query('DESCRIBE bronze_windows')).rows.map((row) => row['column_name'])).toEqual(expected);
});

test('windows are what five panes come to', async () => {
  const { rows } = await lake.query('SELECT * FROM bronze_windows ORDER BY window_start');
  const starts = new Set(
    panes.flatMap(({ minute }) => Array.from({ length: WINDOW_LENGTH / WINDOW_SLIDE }, (_, step) => minute - step * WINDOW_SLIDE)),
  );
  expect(rows.map((row) => Date.parse(row['window_start'] as string))).toEqual([...starts].sort((a, b) => a - b));
  const classes = new Set<unknown>();
  for (const row of rows) {
    const start = Date.parse(row['window_start'] as string);
    expect(Date.parse(row['window_end'] as string)).toBe(start + WINDOW_LENGTH);
    const inside = panes.filter(({ minute }) => minute >= start && minute < start + WINDOW_LENGTH);
    const total = (of: (pane: PaneOut) => number | undefined): number => inside.reduce((sum, pane) => sum + (of(pane) ?? 0), 0);
    expect(row['measurement_count']).toBe(total((pane) => pane.count));
    const quality = total((pane) => pane.quality_count);
    if (quality === 0) expect(row['avg_quality']).toBeNull();
    else expect(row['avg_quality']).toBeCloseTo(total((pane) => pane.quality_sum) / quality, 9);
    for (const vital of VITALS) {
      const count = total((pane) => pane[`${vital}_count`]);
      expect(row[`${vital}_count`]).toBe(count);
      const expected =
        count === 0
          ? undefined
          : {
              mean: total((pane) => pane[`${vital}_sum`]) / count,
              min: Math.min(...inside.map((pane) => pane[`${vital}_min`] ?? Infinity)),
              max: Math.max(...inside.map((pane) => pane[`${vital}_max`] ?? -Infinity)),
            };
      if (expected === undefined) expect([row[`avg_${vital}`], row[`min_${vital}`], row[`max_${vital}`]]).toEqual([null, null, null]);
      else {
        expect(row[`avg_${vital}`]).toBeCloseTo(expected.mean, 9);
        expect([row[`min_${vital}`], row[`max_${vital}`]]).toEqual([expected.min, expected.max]);
      }
      for (const anomaly of ANOMALIES.filter((each) => each.vital === vital)) {
        expect(row[anomaly.column]).toBe(classOf(anomaly, expected) ?? null);
        classes.add(row[anomaly.column]);
      }
    }
  }
  // The panes were made so that every class occurs.
  expect(classes).toEqual(new Set([null, ...ANOMALIES.flatMap((anomaly) => anomaly.classes.map(({ name }) => name))]));
});

test('no identity and no free text is in any file or path', async () => {
  const entries = await readdir(join(home, 'lake'), { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  expect(files.length).toBeGreaterThan(5);
  for (const file of files) {
    const bytes = await readFile(file);
    for (const secret of SECRETS) {
      expect(file.includes(secret)).toBe(false);
      expect(bytes.includes(secret)).toBe(false);
    }
  }
  // Compressed pages would hide a text, so every column is read, too.
  for (const { name } of LAKE_TABLES) {
    const text = JSON.stringify((await lake.query(`SELECT * FROM ${name}`)).rows);
    for (const secret of SECRETS) expect(text.includes(secret)).toBe(false);
  }
});
