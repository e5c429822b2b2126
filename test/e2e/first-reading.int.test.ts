import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Home } from './kidjamo.ts';
import { LiveEvents } from './live-events.ts';
import { PROMISE_MS, readmeReading, type CurlRequest } from './readme.ts';

// A reading from the door to everywhere where people look for it.

const UUID = expect.stringMatching(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/) as string;
const TIME = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+Z$/) as string;
const NUMBER = expect.any(Number) as number;
const FLOORS = ['CRITICAL_COMBINATION_FEVER_SPO2', 'CRITICAL_SPO2', 'CRITICAL_TEMPERATURE'];

let home: Home;
let live: LiveEvents;
let readme: CurlRequest;

beforeAll(async () => {
  home = await Home.make();
  await home.up();
  live = await LiveEvents.open(home.url);
  readme = await readmeReading();
});

afterAll(async () => {
  live.close();
  await home.remove();
});

interface Answer {
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>>;
}

async function post(path: string, body: unknown, headers: Readonly<Record<string, string>> = {}): Promise<Answer> {
  const answer = await fetch(`${home.url}${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  });
  return { status: answer.status, body: (await answer.json()) as Answer['body'] };
}

async function list(path: string): Promise<Readonly<Record<string, unknown>>[]> {
  return ((await (await fetch(`${home.url}${path}`)).json()) as { items: Readonly<Record<string, unknown>>[] }).items;
}

/** Asks until the answer is as wanted, for as long as the promise allows. */
const promised = <T>(ask: () => T): ReturnType<typeof expect.poll> => expect.poll(ask, { timeout: PROMISE_MS, interval: 25 });

const ago = (seconds: number): string => new Date(Date.now() - seconds * 1000).toISOString();

describe("the README's critical reading", () => {
  let answer: Answer;
  let patient: string;

  test('is answered with its alerts, which are at once in the API, in PostgreSQL and in the live stream', async () => {
    answer = await post(readme.path, readme.body, readme.headers);
    expect(answer).toEqual({
      status: 200,
      body: { status: 'success', message_id: UUID, timestamp: TIME, critical_alerts: 3, quality_score: null, latency_s: NUMBER },
    });
    const { message_id: id } = answer.body;
    const sent = JSON.parse(readme.body) as { patient_id: string; timestamp: string };

    const inApi = promised(async () => (await list('/api/v1/alerts')).map((alert) => alert['alert_type']).sort()).toEqual(FLOORS);
    const inStore = promised(() =>
      home.sql(
        `SELECT p.external_id, a.severity, a.created_at > now() - interval '1 minute' AS new
           FROM alerts a JOIN patients p USING (patient_id) ORDER BY alert_type`,
      ),
    ).toEqual(FLOORS.map(() => ({ external_id: sent.patient_id, severity: 'critical', new: true })));
    const inStream = live.until(({ data }) => FLOORS.every((code) => JSON.stringify(data).includes(`"alert_type":"${code}"`)), PROMISE_MS);
    await Promise.all([inApi, inStore]);
    expect(await inStream).toMatchObject({ name: expect.stringMatching(/^(alert|patient)$/) as string });

    const rows = await home.sql<{ patient_id: string }>(
      `SELECT patient_id, message_id, recorded_at, heart_rate_bpm, respiratory_rate_min, spo2_percent, temperature_celsius, breaches FROM measurements`,
    );
    expect(rows).toEqual([
      {
        patient_id: UUID,
        message_id: id,
        recorded_at: new Date(sent.timestamp),
        heart_rate_bpm: 118,
        respiratory_rate_min: 24,
        spo2_percent: 84,
        temperature_celsius: 39.1,
        breaches: ['CRITICAL_SPO2', 'CRITICAL_TEMPERATURE', 'CRITICAL_COMBINATION_FEVER_SPO2'],
      },
    ]);
    patient = rows[0]?.patient_id ?? '';
    expect(await list('/api/v1/alerts?status=open&severity=critical')).toEqual(
      FLOORS.map(
        () => expect.objectContaining({ patient_id: patient, patient_external_id: sent.patient_id, related_measurement_id: id }) as object,
      ),
    );
    expect(await list(`/api/v1/patients/${sent.patient_id}/measurements`)).toMatchObject([{ message_id: id, spo2_percent: 84 }]);
  });

  test('sent again it has the same answer, and nothing is doubled', async () => {
    const again = await post(readme.path, readme.body, readme.headers);
    expect(again.status).toBe(200);
    expect(again.body).toMatchObject({ status: 'success', message_id: answer.body['message_id'], critical_alerts: 3 });
    await home.processed();
    expect(await home.sql('SELECT count(*)::int AS n FROM measurements')).toEqual([{ n: 1 }]);
    expect(await home.sql('SELECT breach_count::int AS n FROM alerts')).toEqual(FLOORS.map(() => ({ n: 1 })));
    expect(await home.sql(`SELECT sum(value)::int AS n FROM stream.counter WHERE name = 'duplicate'`)).toEqual([{ n: 1 }]);
  });

  test('another body of the same device and time is refused, kept, and its floors are checked', async () => {
    const other = readme.body.replace(/"freq_card":\s*118/, '"freq_card": 190');
    expect(other).not.toBe(readme.body);
    const refused = await post(readme.path, other, readme.headers);
    expect(refused).toMatchObject({ status: 409, body: { type: 'urn:kidjamo:problem:conflict', status: 409, correlation_id: UUID } });
    await promised(() => list('/api/v1/quarantine')).toMatchObject([
      { reason: 'idempotency_conflict', status: 'held', patient_id: patient },
    ]);
    const [held] = await list('/api/v1/quarantine');
    await promised(() =>
      home.sql(`SELECT patient_id, uncertain, quarantine_id FROM alerts WHERE alert_type = 'CRITICAL_HEART_RATE'`),
    ).toEqual([{ patient_id: patient, uncertain: true, quarantine_id: held?.['quarantine_id'] }]);
    expect(await home.sql('SELECT heart_rate_bpm FROM measurements')).toEqual([{ heart_rate_bpm: 118 }]);
  });
});

describe('each other way in, once', () => {
  test('POST /ingest', async () => {
    const timestamp = ago(60);
    const body = { patient_id: 'flat', device_id: 'flat', timestamp, freq_card: 39, temp_ambiante: 21.5, activity: 100 };
    const answer = await post('/ingest', body);
    expect(answer).toEqual({ status: 200, body: { status: 'success', alerts_detected: 1, latency_s: NUMBER, message_id: UUID } });
    await promised(() =>
      home.sql(
        `SELECT m.heart_rate_bpm, m.ambient_temp_celsius, m.activity_level, m.source, m.recorded_at
           FROM measurements m WHERE m.patient_id = (SELECT patient_id FROM patients WHERE external_id = 'flat')`,
      ),
    ).toEqual([{ heart_rate_bpm: 39, ambient_temp_celsius: 21.5, activity_level: 10, source: 'flat', recorded_at: new Date(timestamp) }]);
    await promised(() => list('/api/v1/alerts?patient=flat')).toMatchObject([{ alert_type: 'CRITICAL_HEART_RATE', severity: 'critical' }]);
  });

  test('POST /v1/vitals, ten at a time as bracelets send them', async () => {
    const batch = Array.from({ length: 10 }, (_, n) => ({
      device_id: 'cloud',
      patient_id: 'cloud',
      timestamp: ago(300 - n * 3),
      vitals: { spo2: n === 4 ? 80 : 97, heart_rate: 80 + n, activity_level: 3, pain_scale: 2 },
      metadata: { battery_level: 55, signal_quality: 90, firmware_version: '1.2.0' },
    }));
    const answer = await post('/v1/vitals', batch);
    const results = batch.map((_, index) => ({ index, status: 'accepted', message_id: UUID, critical_alerts: index === 4 ? 1 : 0 }));
    const counts = { accepted: 10, duplicates: 0, quarantined: 0, rejected: 0 };
    expect(answer).toEqual({ status: 202, body: { status: 'accepted', ...counts, results, results_complete: true, latency_s: NUMBER } });
    const ids = (answer.body['results'] as { message_id: string }[]).map(({ message_id: id }) => id);
    await promised(() =>
      home.sql(
        `SELECT message_id, heart_rate_bpm AS rate, activity_level AS activity, pain_scale AS pain, battery_percent AS battery
           FROM measurements WHERE source = 'cloud' ORDER BY recorded_at`,
      ),
    ).toEqual(ids.map((id, n) => ({ message_id: id, rate: 80 + n, activity: 3, pain: 2, battery: 55 })));
  });

  test('POST /api/v1/measurements', async () => {
    const body = { patient_id: 'api', device_id: 'api', timestamp: ago(30), measurements: { freq_card: 90, spo2_pct: 98 } };
    const answer = await post('/api/v1/measurements', body);
    const { message_id: id } = answer.body;
    expect(answer).toEqual({
      status: 202,
      body: {
        status: 'accepted',
        accepted: 1,
        duplicates: 0,
        quarantined: 0,
        rejected: 0,
        results: [{ index: 0, status: 'accepted', message_id: id, critical_alerts: 0 }],
        results_complete: true,
        message_id: UUID,
        latency_s: NUMBER,
      },
    });
    await promised(() => home.sql('SELECT spo2_percent FROM measurements WHERE message_id = $1', [id])).toEqual([{ spo2_percent: 98 }]);
  });

  test('POST /api/v1/device/status', async () => {
    const timestamp = ago(5);
    const body = { device_id: 'cloud', patient_id: 'cloud', timestamp, battery_level: 9, signal_strength: 80, status: 'connected' };
    const answer = await post('/api/v1/device/status', body);
    expect(answer).toEqual({ status: 202, body: { status: 'accepted', message_id: UUID, latency_s: NUMBER } });
    await promised(() =>
      home.sql('SELECT event_type, status, battery_percent, signal_quality, recorded_at FROM device_logs WHERE message_id = $1', [
        answer.body['message_id'],
      ]),
    ).toEqual([
      { event_type: 'low_battery', status: 'connected', battery_percent: 9, signal_quality: 80, recorded_at: new Date(timestamp) },
    ]);
  });

  test('POST /iot/alerts', async () => {
    const body = { patient_id: 'flat', alert_type: 'PAIN_CRISIS', severity: 'high', message: 'mal au dos', measurements: { pain: 8 } };
    const answer = await post('/iot/alerts', body);
    expect(answer).toEqual({ status: 200, body: { status: 'success', alert_id: UUID } });
    await promised(() =>
      home.sql('SELECT alert_type, severity, message, vitals_snapshot, status, created_by_system FROM alerts WHERE alert_id = $1', [
        answer.body['alert_id'],
      ]),
    ).toEqual([
      {
        alert_type: 'PAIN_CRISIS',
        severity: 'alert',
        message: 'mal au dos',
        vitals_snapshot: { pain: 8 },
        status: 'active',
        created_by_system: 'manual',
      },
    ]);
  });
});

describe('operations', () => {
  const get = async (path: string, accept?: string): Promise<{ status: number; type: string; text: string }> => {
    const answer = await fetch(`${home.url}${path}`, accept === undefined ? {} : { headers: { accept } });
    return { status: answer.status, type: answer.headers.get('content-type') ?? '', text: await answer.text() };
  };

  test('health and readiness', async () => {
    for (const path of ['/health', '/api/v1/health']) {
      const { status, text } = await get(path);
      expect([status, JSON.parse(text)]).toEqual([
        200,
        {
          status: 'healthy',
          timestamp: TIME,
          kafka_connected: null,
          processed_messages: NUMBER,
          total_messages: NUMBER,
          api_uptime_s: NUMBER,
        },
      ]);
    }
    const { status, text } = await get('/ready');
    expect([status, JSON.parse(text)]).toMatchObject([
      200,
      { status: 'ready', draining: false, dependencies: { database: { ready: true }, disk: { ready: true }, task: { ready: true } } },
    ]);
  });

  test('metrics as JSON and as text, by the Accept header', async () => {
    // Three of the README's, one flat, ten of the cloud, one of the API.
    await promised(async () => (JSON.parse((await get('/metrics')).text) as { processed_messages: number }).processed_messages).toBe(13);
    for (const [path, accept] of [
      ['/metrics', undefined],
      ['/metrics', '*/*'],
      ['/api/v1/metrics', 'application/json'],
      ['/metrics', 'text/plain;q=0.5, application/json;q=0.5'],
    ] as const) {
      const { type, text } = await get(path, accept);
      expect(type).toMatch(/^application\/json/);
      expect(JSON.parse(text)).toEqual({
        processed_messages: 13,
        total_messages: 15,
        kafka_connected: null,
        kafka_topics: [],
        api_uptime_s: NUMBER,
        latency_p50_s: NUMBER,
        latency_p95_s: NUMBER,
        latency_p99_s: NUMBER,
        throughput_eps: NUMBER,
        valid_pct: 100,
        alerts_by_type: expect.objectContaining({ CRITICAL_SPO2: 3, CRITICAL_HEART_RATE: 2, manual: 1 }) as object,
      });
    }
    for (const [path, accept, kind] of [
      ['/metrics', 'text/plain', /^text\/plain/],
      ['/metrics', 'application/json;q=0.4, application/openmetrics-text;q=0.9', /^application\/openmetrics-text/],
      ['/metrics/prometheus', 'application/json', /^text\/plain/],
    ] as const) {
      const { status, type, text } = await get(path, accept);
      expect([status, type]).toEqual([200, expect.stringMatching(kind)]);
      expect(text).toMatch(/^kidjamo_processed_messages 13$/m);
      // No identity in labels.
      expect(text).not.toMatch(/patient-010|bracelet-010/);
    }
  });
});
