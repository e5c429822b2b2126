import type { ChildProcess } from 'node:child_process';
import { join } from 'node:path';
import type { KafkaConnection } from '@kidjamo/connector-kafka';
import { describeKafkaCluster } from '@kidjamo/connector-kafka/testing';
import type { LogRecord } from '@kidjamo/stream';
import { OUTPUT_TOPICS, TOPICS } from '@kidjamo/vitals';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { eachMessage, openTopic, removeTopics } from './kafka-topics.ts';
import { Home, kill } from './kidjamo.ts';
import type { Environment } from './kidjamo.ts';
import { expectTotals, readLines, totalsOf, totalsSql, writeLines } from './recording.ts';
import type { ReplaySummary, Totals } from './recording.ts';

// The same readings on one machine, through an outbox to Kafka, straight to Kafka, and through several processes: the results are the same.

const READINGS = 2000;
const QUICK = { KIDJAMO_LAKE_DELAY_MS: '1000' } as const;

/** What came of the readings. */
interface Results {
  readonly store: Totals | undefined;
  readonly lake: Totals | undefined;
  readonly raw: unknown;
  readonly alerts: unknown;
  readonly windows: unknown;
}

describeKafkaCluster('Kidjamo on Kafka', { brokers: 1 }, (cluster) => {
  let file: string;
  let lines: readonly string[];
  let embedded: Home;
  let wanted: Results;
  const homes: Home[] = [];

  const connection = (): KafkaConnection => ({ servers: cluster().servers, clientId: 'test' });
  const kafka = (more: Environment = {}): Environment => ({ ...QUICK, KAFKA_SERVERS: cluster().servers, ...more });
  const make = async (): Promise<Home> => {
    const home = await Home.make();
    homes.push(home);
    return home;
  };

  beforeAll(async () => {
    embedded = await Home.make();
    const recorded = await readLines(READINGS);
    lines = recorded.lines;
    file = join(embedded.path, 'readings.csv');
    await writeLines(file, recorded.header, lines);
    await embedded.up({ env: QUICK });
    await replay(embedded, {});
    wanted = await results(embedded, {});
  }, 120_000);
  afterEach(async () => {
    await Promise.all(homes.splice(0).map((home) => home.remove()));
    await removeTopics(connection());
  }, 60_000);
  afterAll(async () => {
    await embedded.remove();
  });

  async function replay(home: Home, env: Environment, ...more: readonly string[]): Promise<void> {
    const { code, out, err } = await home.run(['replay', file, '--json', ...more], env);
    expect(code, `${out}${err}`).toBe(0);
    const summary = JSON.parse(out) as ReplaySummary;
    expect(summary).toMatchObject({ sent: READINGS, acknowledged: READINGS, stored: READINGS, duplicate: 0, quarantined: 0 });
  }

  async function lake<T>(home: Home, env: Environment, sql: string): Promise<T[]> {
    const { out } = await home.run(['query', '--lake', sql, '--json'], env);
    return JSON.parse(out) as T[];
  }

  async function results(home: Home, env: Environment): Promise<Results> {
    const [store] = await home.sql<Totals>(totalsSql('measurements'));
    const sql = `SELECT *, (SELECT count(*) FROM raw_readings) AS raw FROM (${totalsSql('bronze_readings')})`;
    const [inLake] = await lake<Totals & { raw: number }>(home, env, sql);
    return {
      store,
      lake: inLake,
      raw: inLake?.raw,
      alerts: await home.sql(
        'SELECT p.external_id, alert_type, severity, count(*)::int AS n FROM alerts JOIN patients p USING (patient_id) GROUP BY 1, 2, 3 ORDER BY 1, 2, 3',
      ),
      windows: await home.sql(
        `SELECT count(*)::int AS n, sum(heart_rate_count)::int AS beats, sum(spo2_count)::int AS spo2, min(min_spo2) AS low, max(max_heart_rate) AS high
           FROM windows`,
      ),
    };
  }

  function expectSame(found: Results): void {
    for (const totals of [found.store, found.lake]) expectTotals(totals, totalsOf(lines));
    expect({ ...found, store: 0, lake: 0 }).toEqual({ ...wanted, store: 0, lake: 0 });
  }

  /** All messages of a topic that a reader of committed ones sees. */
  async function messages(topic: string): Promise<LogRecord[]> {
    const found: LogRecord[] = [];
    await eachMessage(connection(), topic, (message) => found.push(message));
    return found;
  }

  /** Every output stands on its topic once, and no message names anybody. */
  async function expectTopics(home: Home): Promise<void> {
    const names = await home.sql<{ name: string }>(
      `SELECT patient_id::text AS name FROM patients UNION SELECT device_id::text FROM devices
        UNION SELECT external_id FROM patients UNION SELECT message_id::text FROM measurements`,
    );
    const inside = new Set(names.map(({ name }) => name));
    for (const { log, topic } of OUTPUT_TOPICS) {
      const [appended] = await home.sql<{ n: number }>('SELECT sum(next_offset)::int AS n FROM stream.log_partition WHERE log = $1', [log]);
      const found = await messages(topic);
      expect(found, topic).toHaveLength(appended?.n ?? -1);
      expect(new Set(found.map(({ value }) => (JSON.parse(value) as { message_id: string }).message_id)).size).toBe(found.length);
      const words = found.flatMap(({ key, value }) => [key, ...value.split('"')]);
      expect(words.filter((word) => inside.has(word))).toEqual([]);
    }
    expect(await messages(TOPICS.measurements)).toHaveLength(READINGS);
  }

  test('with an outbox', { timeout: 300_000 }, async () => {
    const home = await make();
    const env = kafka();
    await home.up({ env });
    await replay(home, env);
    expectSame(await results(home, env));
    await expectTopics(home);
    expect(await (await fetch(`${home.url}/health`)).json()).toMatchObject({ kafka_connected: true });
    expect(await (await fetch(`${home.url}/ready`)).json()).toMatchObject({ dependencies: { kafka: { ready: true } } });
    const metrics = await (await fetch(`${home.url}/metrics/prometheus`)).text();
    expect(metrics).toContain(`kidjamo_consumer_lag_records{log="${TOPICS.input}",group="vitals",partition="0"} 0`);
  });

  test('direct to Kafka, and what others put on the topic of readings is taken in once', { timeout: 300_000 }, async () => {
    const home = await make();
    const env = kafka({ KIDJAMO_GATEWAY_MODE: 'direct' });
    await home.up({ env });
    await replay(home, env);
    expectSame(await results(home, env));
    await expectTopics(home);

    const foreign = {
      device_id: 'foreign-bracelet',
      patient_id: 'foreign-patient',
      timestamp: new Date().toISOString(),
      measurements: { freq_card: 92, freq_resp: 18, spo2_pct: 80, temp_corp: 36.8 },
    };
    const log = await openTopic(connection(), TOPICS.measurements);
    const value = JSON.stringify(foreign);
    await log.append([0, 1, 1].map((partition) => ({ partition, key: 'any', value })));
    await log.append([{ partition: 2, key: 'any', value: 'no JSON' }]);
    await log.close();
    const taken = async (): Promise<unknown> =>
      home.sql(
        `SELECT (SELECT count(*)::int FROM measurements JOIN patients USING (patient_id) WHERE external_id = $1) AS stored,
                (SELECT count(*)::int FROM alerts JOIN patients USING (patient_id) WHERE external_id = $1) AS alerts,
                (SELECT count(*)::int FROM quarantine WHERE reason = 'unparseable') AS refused,
                (SELECT sum(next_offset)::int FROM stream.consumer_offset WHERE consumer_group = 'foreign' AND log = $2) > $3 AS passed`,
        [foreign.patient_id, TOPICS.measurements, READINGS],
      );
    await expect.poll(taken, { timeout: 90_000 }).toEqual([{ stored: 1, alerts: 1, refused: 1, passed: true }]);
  });

  test('a gateway and three workers, one killed and one stopped past its session', { timeout: 400_000 }, async () => {
    const home = await make();
    const env = kafka({ KIDJAMO_LEASE_MS: '2000', API_PORT: String(home.port), API_PORT_AUTOFALLBACK: 'false' });
    expect((await home.run(['topics', 'apply', '--json'], env)).code).toBe(0);
    expect((await home.run(['topics', 'check', '--json'], env)).code).toBe(0);
    home.start(['gateway', '--json'], env);
    await expect.poll(() => answers(`${home.url}/health`), { timeout: 150_000 }).toBe(true);
    const workers = [1, 2, 3].map((): ChildProcess => home.start(['worker', '--json'], env).child);
    const owners = async (): Promise<number> => {
      const rows = await home.sql(`SELECT DISTINCT owner FROM stream.consumer_lease WHERE consumer_group = 'vitals' AND owner IS NOT NULL`);
      return rows.length;
    };
    await expect.poll(owners, { timeout: 150_000 }).toBe(3);
    await expect.poll(() => answers(`${home.url}/ready`), { timeout: 90_000 }).toBe(true);

    const sent = replay(home, env, '--lanes', '2', '--batch', '20');
    await expect.poll(async () => (await home.sql('SELECT FROM measurements LIMIT 1')).length, { timeout: 90_000 }).toBe(1);
    const [first, second] = workers;
    if (first === undefined || second === undefined) throw new TypeError('there are three');
    second.kill('SIGSTOP');
    await kill(first);
    await expect.poll(owners, { timeout: 150_000 }).toBe(1);
    second.kill('SIGCONT');
    await sent;
    await expect.poll(owners, { timeout: 90_000 }).toBe(2);
    expectSame(await results(home, env));
    await expectTopics(home);
    const [counted] = await home.sql(`SELECT sum(value)::int AS n FROM stream.counter WHERE name = 'stored' AND consumer_group = 'vitals'`);
    expect(counted).toEqual({ n: READINGS });
  });
});

async function answers(url: string): Promise<boolean> {
  return fetch(url).then(
    (response) => response.ok,
    () => false,
  );
}
