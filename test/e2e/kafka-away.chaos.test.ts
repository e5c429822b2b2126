import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { KafkaConnection } from '@kidjamo/connector-kafka';
import { describeKafkaCluster } from '@kidjamo/connector-kafka/testing';
import { DeviceKit } from '@kidjamo/device-kit';
import { TOPICS } from '@kidjamo/vitals';
import { afterEach, expect, onTestFinished, test } from 'vitest';
import { eachMessage, lag, openTopic, removeTopics } from './kafka-topics.ts';
import { Home } from './kidjamo.ts';
import { Ledger } from './ledger.ts';
import { LiveEvents } from './live-events.ts';

/*
 * Kafka is away for a while under load, with mode `outbox` and mode `direct`, stopped in order and killed.
 *
 *   KIDJAMO_AWAY_SECONDS=60    how long; from a minute on in all four ways: KIDJAMO_AWAY_SECONDS=60 npm run chaos -- kafka-away
 */
const AWAY = Number(process.env['KIDJAMO_AWAY_SECONDS'] ?? 15) * 1000;
const TIMEOUT = 240_000 + 2 * AWAY;
const BACK_WITHIN = 120_000;
/** As many devices as connections of each ledger. */
const LANES = 8;
const PATIENTS = 5;
const KIT_EVERY = 50;

const USUAL = [
  { mode: 'outbox', how: 'killed' },
  { mode: 'direct', how: 'stopped' },
] as const;
const OTHERS = [
  { mode: 'outbox', how: 'stopped' },
  { mode: 'direct', how: 'killed' },
] as const;
const CASES = AWAY < 60_000 ? USUAL : [...USUAL, ...OTHERS];

describeKafkaCluster('Kafka is away under load', { brokers: 1 }, (cluster) => {
  const connection = (): KafkaConnection => ({ servers: cluster().servers, clientId: 'test' });

  afterEach(async () => {
    await removeTopics(connection());
  }, 60_000);

  test.for(CASES)('mode $mode, the broker is $how: nothing is lost, nothing is doubled', { timeout: TIMEOUT }, async ({ mode, how }) => {
    const home = await Home.make({ KAFKA_SERVERS: cluster().servers, KIDJAMO_GATEWAY_MODE: mode, KIDJAMO_LAKE_DELAY_MS: '1000' });
    onTestFinished(() => home.remove());
    const child = await home.up();
    const logs = await Promise.all([TOPICS.input, TOPICS.measurements].map((topic) => openTopic(connection(), topic)));
    onTestFinished(async () => {
      await Promise.all(logs.map((log) => log.close()));
    });
    const live = await LiveEvents.open(home.url);
    onTestFinished(() => live.close());
    const device = await Device.open(home.url);
    const steady = new Ledger({ urls: [home.url], lanes: LANES, name: 'steady', pause: 20 });
    await steady.more(200);

    const left = Date.now();
    await (how === 'killed' ? cluster().killNode(1) : cluster().stopNode(1));
    const gone = Date.now();
    const critical = new Ledger({ urls: [home.url], lanes: PATIENTS, name: 'critical', pause: 200, vitals: { spo2_pct: 80 }, since: gone });
    const away = delay(AWAY);
    await expect.poll(async () => (await answer(`${home.url}/health`)).body, { timeout: 90_000 }).toMatchObject({ kafka_connected: false });
    expect(await answer(`${home.url}/ready`)).toMatchObject({ status: mode === 'outbox' ? 200 : 503 });
    const alarm = await answer(`${home.url}/ingest`, { patient_id: 'alarm', device_id: 'alarm', timestamp: iso(gone), spo2_pct: 80 });
    if (mode === 'outbox') expect(alarm).toMatchObject({ status: 200, body: { alerts_detected: 1 } });
    else expect(alarm).toMatchObject({ status: 503, retryAfter: expect.stringMatching(/^[1-9]\d*$/) as string });
    await away;
    expect(await alerts(home), 'alerts while Kafka is away').toEqual([]);
    const [before, taken] = [steady.acknowledged, steady.refusals.length];
    if (mode === 'outbox') await steady.more(LANES);
    else await steady.moreRefused(1);
    const during = { acknowledged: steady.acknowledged - before, refused: steady.refusals.length - taken };

    await cluster().startNode(1);
    const back = performance.now();
    const seconds = (): number => Math.round((performance.now() - back) / 100) / 10;
    await critical.more(PATIENTS);
    await Promise.all([steady.finish(), critical.finish(), device.finish()]);
    const accepted = seconds();
    const total = steady.acknowledged + critical.acknowledged + device.recorded.length + (mode === 'outbox' ? 1 : 0);
    await expect.poll(() => count(home), { timeout: BACK_WITHIN }).toBe(total);
    const stored = seconds();
    await expect.poll(() => lag(home, logs), { timeout: BACK_WITHIN }).toBe(0);
    const drained = seconds();

    await Promise.all([steady.compare(home), critical.compare(home), device.compare(home)]);
    expect([steady.broken, critical.broken]).toEqual([0, 0]);
    if (mode === 'outbox') expect([...steady.refusals, ...critical.refusals, ...device.failures]).toEqual([]);
    else {
      steady.checkRefusals();
      critical.checkRefusals();
      expect(device.failures.filter((reason) => reason !== 'the server answered 503')).toEqual([]);
      expect(device.failures.length).toBeGreaterThan(0);
    }

    // One alert for each patient, of that time, which pages.
    const raised = await alerts(home);
    expect(raised).toHaveLength(mode === 'outbox' ? PATIENTS + 1 : PATIENTS);
    for (const alert of raised) {
      expect(alert).toMatchObject({
        alert_type: 'CRITICAL_SPO2',
        severity: 'critical',
        status: 'active',
        retrospective: false,
        imported: false,
      });
      expect(alert.first_seen_at.getTime()).toBeGreaterThanOrEqual(left);
      expect(
        await live.until(
          ({ data }) => JSON.stringify(data).includes(alert.patient_id) && JSON.stringify(data).includes('CRITICAL_SPO2'),
          10_000,
        ),
      ).toBeDefined();
    }
    expect(await unique(connection(), TOPICS.measurements)).toEqual({ messages: total, different: total });
    // What lasts for minutes satisfies other rules too; every alert is on its topic, once.
    const onTopic = async (): Promise<boolean> => {
      const all = (await home.sql('SELECT FROM alerts')).length;
      const { messages, different } = await unique(connection(), TOPICS.alerts);
      return messages === all && different === all;
    };
    await expect.poll(onTopic, { timeout: 90_000 }).toBe(true);
    expect(child.exitCode).toBeNull();
    expect(await (await fetch(`${home.url}/metrics/prometheus`)).text()).toMatch(/^kidjamo_role_restarts 0$/m);
    console.info(
      JSON.stringify({
        mode,
        how,
        away_s: Math.round((Date.now() - gone) / 1000 - seconds()),
        readings: total,
        during,
        refused: steady.refusals.length,
        critical: critical.acknowledged,
        kit: device.recorded.length,
        kit_failures: device.failures.length,
        accepted_s: accepted,
        stored_s: stored,
        lag_zero_s: drained,
      }),
    );
  });
});

/** A device with a kit of its own, that measures all the time. */
class Device {
  readonly recorded: number[] = [];
  /** Why a try of the kit failed. */
  readonly failures: string[] = [];
  readonly #kit: DeviceKit;
  readonly #measuring: Promise<void>;
  #on = true;

  private constructor(kit: DeviceKit) {
    this.#kit = kit;
    kit.on('retry', ({ reason }) => this.failures.push(reason));
    this.#measuring = this.#measure();
  }

  static async open(url: string): Promise<Device> {
    const folder = await mkdtemp(join(tmpdir(), 'kidjamo-kit-'));
    onTestFinished(() => rm(folder, { recursive: true, force: true }));
    const kit = await DeviceKit.open({
      folder,
      deviceId: 'kit',
      url,
      batch: { readings: 10, ms: 500 },
      retry: { initialMs: 200, maxMs: 2000 },
    });
    const device = new Device(kit);
    onTestFinished(async () => {
      device.#on = false;
      await kit.close();
    });
    return device;
  }

  /** Measures no more, and resolves when the server has everything. */
  async finish(): Promise<void> {
    this.#on = false;
    await this.#measuring;
    await this.#kit.flush();
  }

  /** The store has every reading once, and the kit knows of none that was refused or lost. */
  async compare(home: Home): Promise<void> {
    const rows = await home.sql<{ at: Date }>(
      `SELECT recorded_at AS at FROM measurements JOIN patients USING (patient_id) WHERE external_id = 'kit' ORDER BY 1`,
    );
    expect(rows.map(({ at }) => at.getTime())).toEqual(this.recorded);
    expect(this.#kit.status()).toMatchObject({ pending: 0, refused: 0, lost: 0 });
  }

  async #measure(): Promise<void> {
    while (this.#on) {
      const at = Date.now();
      await this.#kit.record({ patient_id: 'kit', timestamp: iso(at), vitals: { heart_rate: 60 + (at % 40), spo2: 97 } });
      this.recorded.push(at);
      await delay(KIT_EVERY);
    }
  }
}

interface Alert {
  readonly patient_id: string;
  readonly first_seen_at: Date;
}

function alerts(home: Home): Promise<Alert[]> {
  return home.sql<Alert>(
    `SELECT patient_id, alert_type, severity, status, retrospective, imported, first_seen_at FROM alerts WHERE alert_type = 'CRITICAL_SPO2'`,
  );
}

async function count(home: Home): Promise<number> {
  const [row] = await home.sql<{ n: number }>('SELECT count(*)::int AS n FROM measurements');
  return row?.n ?? 0;
}

/** Messages that a reader of committed ones sees, and how many different ones those are. */
async function unique(connection: KafkaConnection, topic: string): Promise<{ messages: number; different: number }> {
  const ids: string[] = [];
  await eachMessage(connection, topic, ({ value }) => ids.push((JSON.parse(value) as { message_id: string }).message_id));
  return { messages: ids.length, different: new Set(ids).size };
}

async function answer(url: string, body?: object): Promise<{ status: number; retryAfter: string | null; body: unknown }> {
  const post = { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) };
  const said = await fetch(url, body === undefined ? {} : post);
  return { status: said.status, retryAfter: said.headers.get('retry-after'), body: await said.json() };
}

const iso = (ms: number): string => new Date(ms).toISOString();
