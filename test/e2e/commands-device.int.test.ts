import { afterAll, beforeAll, expect, test } from 'vitest';
import { Home } from './kidjamo.ts';
import { PROMISE_MS, readmeReading } from './readme.ts';

// Where nobody is enrolled by itself, a reading waits for a person, and is watched over meanwhile.

let home: Home;

beforeAll(async () => {
  home = await Home.make();
  await home.up({ env: { AUTO_ENROLL: 'false' } });
});

afterAll(async () => {
  await home.remove();
});

interface Item {
  readonly alert_type: string;
  readonly [name: string]: unknown;
}

async function alerts(query: string): Promise<Item[]> {
  const { items } = (await (await fetch(`${home.url}/api/v1/alerts${query}`)).json()) as { items: Item[] };
  return items.sort((a, b) => a.alert_type.localeCompare(b.alert_type));
}

test('a reading of an unassigned device waits, its floors are checked, and the assignment releases it', async () => {
  const { path, headers, body } = await readmeReading();
  const send = async (text: string): Promise<Record<string, unknown>> =>
    (await (await fetch(`${home.url}${path}`, { method: 'POST', headers, body: text })).json()) as Record<string, unknown>;
  const sent = JSON.parse(body) as { patient_id: string; device_id: string; timestamp: string };

  const answer = await send(body);
  expect(answer).toMatchObject({ status: 'quarantined', reason: 'unknown_patient', critical_alerts: 3 });
  const uncertain = { patient_id: null, uncertain: true, severity: 'critical' };
  await expect
    .poll(() => alerts('?status=open'), { timeout: PROMISE_MS })
    .toMatchObject([
      { ...uncertain, alert_type: 'CRITICAL_COMBINATION_FEVER_SPO2' },
      { ...uncertain, alert_type: 'CRITICAL_SPO2' },
      { ...uncertain, alert_type: 'CRITICAL_TEMPERATURE' },
      { alert_type: expect.stringMatching(/UNKNOWN_PATIENT/) as string, uncertain: false },
    ]);
  expect(await home.sql('SELECT 1 AS one FROM measurements')).toEqual([]);
  const report = await home.json<{ checks: object[] }>(['doctor']);
  expect(report.checks).toContainEqual(
    expect.objectContaining({ name: 'quarantine', detail: '1', remedy: expect.stringContaining('kidjamo device assign') as string }),
  );

  const assign = ['device', 'assign', '--device', sent.device_id, '--patient', sent.patient_id];
  expect(await home.json(assign)).toEqual({ ok: true, released: 1, waiting: 0 });
  await expect
    .poll(
      () =>
        home.sql(
          'SELECT m.message_id, m.recorded_at, p.external_id, m.spo2_percent FROM measurements m JOIN patients p USING (patient_id)',
        ),
      { timeout: PROMISE_MS },
    )
    .toEqual([{ message_id: answer['message_id'], recorded_at: new Date(sent.timestamp), external_id: sent.patient_id, spo2_percent: 84 }]);
  await expect
    .poll(() => alerts(`?status=open&patient=${sent.patient_id}`), { timeout: PROMISE_MS })
    .toMatchObject(
      ['CRITICAL_COMBINATION_FEVER_SPO2', 'CRITICAL_SPO2', 'CRITICAL_TEMPERATURE'].map((code) => ({ alert_type: code, uncertain: false })),
    );
  expect(await home.sql('SELECT status FROM quarantine')).toEqual([{ status: 'released' }]);

  // From now on its readings are taken as they come, and assigning it again changes nothing.
  expect(await home.json(assign)).toEqual({ ok: true, released: 0, waiting: 0 });
  const later = body.replace(sent.timestamp, new Date(Date.parse(sent.timestamp) + 1000).toISOString());
  expect(await send(later)).toMatchObject({ status: 'success', critical_alerts: 3 });
  await home.processed();
  expect(await home.sql('SELECT count(*)::int AS n FROM measurements')).toEqual([{ n: 2 }]);
});
