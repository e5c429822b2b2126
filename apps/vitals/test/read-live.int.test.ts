import { once } from 'node:events';
import { createServer } from 'node:http';
import type { IncomingMessage } from 'node:http';
import { get } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';

import { systemClock } from '@kidjamo/stream';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';

import { EventStream } from '../src/read/live/event-stream.ts';
import type { LiveEvents } from '../src/read/live/model.ts';
import { registerLiveEvents } from '../src/read/live/routes.ts';
import { addPatient, addReading, openFixture, raiseAlert, storeAlert, storeReading } from './read-fixture.ts';
import type { Fixture } from './read-fixture.ts';

type AnyEvent = { [Name in keyof LiveEvents]: { readonly name: Name; readonly data: LiveEvents[Name] } }[keyof LiveEvents];

let fixture: Fixture;
let url: string;
const pages: LivePage[] = [];

/** A page's side of the stream. */
class LivePage {
  readonly events: AnyEvent[] = [];
  readonly answer: IncomingMessage;
  #rest = '';

  constructor(answer: IncomingMessage) {
    this.answer = answer;
    answer.setEncoding('utf8');
    answer.on('data', (text: string) => {
      const frames = (this.#rest + text).split('\n\n');
      this.#rest = frames.pop() ?? '';
      for (const frame of frames) {
        const name = /^event: (\w+)$/m.exec(frame)?.[1] ?? '';
        this.events.push({ name, data: JSON.parse(/^data: (.*)$/m.exec(frame)?.[1] ?? 'null') as unknown } as AnyEvent);
      }
    });
  }

  /** The first event that satisfies `wanted`, now or later. */
  async find<Name extends keyof LiveEvents>(
    name: Name,
    wanted: (data: LiveEvents[Name]) => boolean = () => true,
  ): Promise<LiveEvents[Name]> {
    for (;;) {
      for (const event of this.events)
        if (event.name === name && wanted(event.data as LiveEvents[Name])) return event.data as LiveEvents[Name];
      await delay(5);
    }
  }

  /** Until the page was told of this alert: with the patient's card, or after it. */
  async showsAlert(patient: string, type: string): Promise<void> {
    const told = (): boolean =>
      this.events.some(({ name, data }) => {
        const cards = name === 'patient' ? data.patients : name === 'alert' ? data.changed : [];
        return cards.some((card) => card.patient_id === patient && card.alerts.some((alert) => alert.alert_type === type));
      });
    while (!told()) await delay(5);
  }
}

async function connect(): Promise<LivePage> {
  const request = get(`${url}/events`);
  const [answer] = (await once(request, 'response')) as [IncomingMessage];
  const page = new LivePage(answer);
  pages.push(page);
  return page;
}

beforeAll(async () => {
  fixture = await openFixture();
  registerLiveEvents(fixture.fastify, { ...fixture, clock: systemClock });
  url = await fixture.fastify.listen({ host: '127.0.0.1', port: 0 });
});

afterEach(() => {
  for (const page of pages.splice(0)) page.answer.destroy();
});

afterAll(() => fixture.close());

describe('the live board', () => {
  it('begins with a snapshot: critical alerts first, newest of them on top, then the newest readings', async () => {
    const ids = await Promise.all(
      ['quiet', 'older', 'newer', 'recent', 'imported'].map((name) => addPatient(fixture.pool, { externalId: name })),
    );
    const [quiet = '', older = '', newer = '', recent = '', imported = ''] = ids;
    await storeReading(fixture.pool, { patient: quiet, at: '2026-01-01T00:00:00Z', vitals: { spo2: 97 } });
    await storeReading(fixture.pool, { patient: recent, at: '2026-01-02T00:00:00Z', vitals: { spo2: 96 } });
    await storeReading(fixture.pool, { patient: recent, at: '2026-01-01T00:00:00Z', vitals: { spo2: 95 } });
    await storeAlert(fixture.pool, { patient: older, createdAt: '2026-01-01T00:00:00Z' });
    await storeAlert(fixture.pool, { patient: newer, createdAt: '2026-01-02T00:00:00Z' });
    await storeAlert(fixture.pool, { patient: imported, createdAt: '2026-01-03T00:00:00Z', imported: true });
    await storeAlert(fixture.pool, { patient: null, createdAt: '2026-01-01T00:00:00Z', uncertain: true });

    const snapshot = await (await connect()).find('snapshot');
    expect(snapshot.patients.map((patient) => patient.external_id)).toEqual(['newer', 'older', 'imported', 'recent', 'quiet']);
    expect(snapshot.patients[3]).toMatchObject({
      reading: { spo2_percent: 96, heart_rate_bpm: null },
      trail: [
        [Date.parse('2026-01-01T00:00:00Z'), 95, null],
        [Date.parse('2026-01-02T00:00:00Z'), 96, null],
      ],
    });
    expect(snapshot.patients[0]?.alerts).toMatchObject([{ alert_type: 'CRITICAL_SPO2', breach_count: 1, history: false }]);
    expect(snapshot.unassigned).toMatchObject([{ uncertain: true, patient_id: null }]);
    expect(snapshot.counts).toEqual({ patients: 5, open_critical: 3, open_critical_history: 1 });
    expect(snapshot.fresh).toBe(true);
  });

  it('shows a reading that the log tells of, and only the newest by event time', async () => {
    const patient = await addPatient(fixture.pool);
    await storeReading(fixture.pool, { patient, at: '2026-02-01T00:00:00Z', vitals: { spo2: 97 } });
    const page = await connect();
    await page.find('snapshot');
    await addReading(fixture, { patient, at: '2026-01-31T00:00:00Z', vitals: { spo2: 91 } });
    await addReading(fixture, { patient, at: '2026-02-01T00:01:00Z', vitals: { spo2: 95, temperature: 37.25 } });
    const ofPatient = (data: LiveEvents['reading']): LiveEvents['reading']['readings'] =>
      data.readings.filter((item) => item.patient_id === patient);
    const event = await page.find('reading', (data) => ofPatient(data).length > 0);
    expect(ofPatient(event)).toMatchObject([{ reading: { spo2_percent: 95, temperature_celsius: 37.25, heart_rate_bpm: null } }]);
    const all = page.events.flatMap((item) => (item.name === 'reading' ? ofPatient(item.data) : []));
    expect(all.map((item) => item.reading.spo2_percent)).not.toContain(91);
  });

  it('shows an alert as it is raised, its count as it grows, and its end', async () => {
    const patient = await addPatient(fixture.pool);
    const page = await connect();
    await page.find('snapshot');
    const id = await raiseAlert(fixture, { patient, type: 'CRITICAL_HEART_RATE' });
    const alertsOf = (data: LiveEvents['alert']) => data.changed.find((change) => change.patient_id === patient)?.alerts;
    await page.find('alert', (data) => alertsOf(data)?.[0]?.alert_id === id);
    await fixture.pool.query('UPDATE alerts SET breach_count = 4 WHERE alert_id = $1', [id]);
    await page.find('alert', (data) => alertsOf(data)?.[0]?.breach_count === 4);
    await fixture.pool.query('UPDATE alerts SET resolved_at = now() WHERE alert_id = $1', [id]);
    await page.find('alert', (data) => alertsOf(data)?.length === 0);
  });

  it('brings a patient who was unknown onto the board, with the alert', async () => {
    const page = await connect();
    await page.find('snapshot');
    const patient = await addPatient(fixture.pool, { externalId: 'newcomer', genotype: 'SC' });
    await addReading(fixture, { patient, vitals: { spo2: 84 } });
    await raiseAlert(fixture, { patient });
    const event = await page.find('patient', (data) => data.patients.some((card) => card.patient_id === patient));
    expect(event.patients[0]).toMatchObject({
      external_id: 'newcomer',
      genotype: 'SC',
      reading: { spo2_percent: 84, breaches: ['CRITICAL_SPO2'] },
    });
    await page.showsAlert(patient, 'CRITICAL_SPO2');
    const last = await connect();
    const card = (await last.find('snapshot')).patients.find((other) => other.patient_id === patient);
    expect(card?.alerts.map((alert) => alert.alert_type)).toEqual(['CRITICAL_SPO2']);
  });

  it('says that it is frozen while the database is away, and goes on by itself', async () => {
    const patient = await addPatient(fixture.pool);
    const page = await connect();
    await page.find('snapshot');
    await fixture.reachable(false);
    await page.find('beat', (data) => !data.fresh);
    expect((await (await connect()).find('snapshot')).fresh).toBe(false);
    await fixture.reachable(true);
    const before = page.events.length;
    await storeReading(fixture.pool, { patient, vitals: { spo2: 93 } });
    await page.find('snapshot', () => page.events.slice(before).some((event) => event.name === 'snapshot' && event.data.fresh));
    await addReading(fixture, { patient, vitals: { spo2: 94 } });
    await page.find('reading', (data) => data.readings.some((item) => item.patient_id === patient && item.reading.spo2_percent === 94));
  });

  it('serves several pages alike, and reads nothing once they are gone', async () => {
    const [one, two] = await Promise.all([connect(), connect()]);
    await Promise.all([one.find('snapshot'), two.find('snapshot')]);
    const patient = await addPatient(fixture.pool);
    await raiseAlert(fixture, { patient });
    const has = (data: LiveEvents['patient']): boolean => data.patients.some((card) => card.patient_id === patient);
    expect(await one.find('patient', has)).toEqual(await two.find('patient', has));
    one.answer.destroy();
    two.answer.destroy();
    const queries = async (): Promise<number> => {
      await fixture.pool.query('SELECT pg_stat_force_next_flush()');
      const { rows } = await fixture.pool.query<{ n: number }>(
        "SELECT seq_scan + coalesce(idx_scan, 0) AS n FROM pg_stat_user_tables WHERE relname = 'log_partition'",
      );
      return Number(rows[0]?.n);
    };
    let before = -1;
    let now = await queries();
    while (now !== before) {
      before = now;
      await delay(1000);
      now = await queries();
    }
    expect(now).toBe(before);
  });
});

describe('a page that reads too slowly', () => {
  it('is sent the latest state when it is ready again, not what it missed', async () => {
    const big = 'x'.repeat(64 * 1024);
    let stream: EventStream | undefined;
    let waiting = 0;
    const server = createServer((_request, response) => {
      stream = new EventStream({ response, clock: systemClock, latest: () => 'event: snapshot\ndata: "latest"\n\n' });
      stream.open();
      for (let i = 0; i < 400; i += 1) {
        stream.push(`event: reading\ndata: "${i} ${big}"\n\n`);
        waiting = Math.max(waiting, response.writableLength);
      }
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const request = get({ port: (server.address() as AddressInfo).port, host: '127.0.0.1' });
    const [answer] = (await once(request, 'response')) as [IncomingMessage];
    answer.pause();
    await delay(200);
    const page = new LivePage(answer);
    answer.resume();
    await page.find('snapshot');
    expect(waiting).toBeLessThan(2 * 1024 * 1024);
    expect(page.events.length).toBeLessThan(100);
    stream?.push('event: beat\ndata: 1\n\n');
    await page.find('beat');
    answer.destroy();
    server.close();
  });
});
