import { describeKafkaCluster } from '@kidjamo/connector-kafka/testing';
import { OUTPUT_TOPICS } from '@kidjamo/vitals';
import { afterAll, beforeAll, expect, test } from 'vitest';

import { adapt, linesOf, missingTools, PYTHON, snippet } from './guides.ts';
import { freePort, Home } from './kidjamo.ts';
import { readmeReading } from './readme.ts';

const lack = missingTools();
const PSEUDONYM = /^[A-Za-z0-9_-]+\.[A-Za-z0-9_-]{43}$/;

const required = process.env['CI'] === 'true';
if (lack !== undefined && !required) {
  test('the programs that the guides name', (context) => context.skip(lack));
} else {
  describeKafkaCluster('the commands of the guides, by the programs that they name', { brokers: 1 }, (cluster) => {
    let home: Home;
    let mqttPort: number;
    beforeAll(async () => {
      expect(lack).toBeUndefined();
      home = await Home.make();
      mqttPort = await freePort();
      await home.up({ env: { KAFKA_SERVERS: cluster().servers, MQTT_MODE: 'embedded', MQTT_PORT: String(mqttPort) } });
    }, 120_000);
    afterAll(async () => {
      await home.remove();
    });

    const here = (code: string): string => adapt(code, { '127.0.0.1:9092': cluster().servers });
    const stored = async (device: string): Promise<number | undefined> => {
      const rows = await home.sql<{ n: number }>(
        'SELECT count(*)::int AS n FROM measurements JOIN devices USING (device_id) WHERE devices.external_id = $1',
        [device],
      );
      return rows[0]?.n;
    };

    test('mosquitto_pub sends a reading', async () => {
      const code = await snippet('mqtt.md', 'sh', 'mosquitto_pub');
      const command = adapt(code.slice(code.indexOf('mosquitto_pub')), { '-p 1883': `-p ${mqttPort}` });
      await linesOf('sh', ['-c', command]);
      await expect.poll(() => stored('bracelet-1')).toBe(1);
    });

    test('kcat and kafka-python write the same reading: it is stored once', async () => {
      await linesOf('sh', ['-c', here(await snippet('topics.md', 'sh', '-P'))]);
      await expect.poll(() => stored('bracelet-7')).toBe(1);
      await linesOf(PYTHON, ['-c', here(await snippet('topics.md', 'python', 'KafkaProducer'))]);
      const twice = async (): Promise<unknown> =>
        home.sql(`SELECT value::int FROM stream.counter WHERE name = 'duplicate' AND consumer_group = 'vitals'`);
      await expect.poll(twice).toEqual([{ value: 1 }]);
      expect(await stored('bracelet-7')).toBe(1);
      expect(await home.sql('SELECT reason FROM quarantine')).toEqual([]);
    });

    test('kcat and kafka-python read every topic', async () => {
      const { path, headers, body } = await readmeReading();
      const post = async (to: string, content: unknown): Promise<number> =>
        (await fetch(`${home.url}${to}`, { method: 'POST', headers, body: JSON.stringify(content) })).status;
      const reading = JSON.parse(body) as { measurements: object };
      expect(await post(path, reading)).toBe(200);
      // The same device and time with another body is an error of its own.
      expect(await post(path, { ...reading, measurements: { ...reading.measurements, spo2_pct: 60 } })).toBe(409);
      const status = { device_id: 'bracelet-7', patient_id: 'patient-001-ss', timestamp: new Date().toISOString(), status: 'online' };
      expect(await post('/api/v1/device/status', status)).toBe(202);

      const read = await snippet('topics.md', 'sh', '-C');
      const python = await snippet('topics.md', 'python', 'KafkaConsumer');
      for (const { log, topic } of OUTPUT_TOPICS) {
        const appended = async (): Promise<number> =>
          Number(
            (await home.sql<{ n: number }>('SELECT sum(next_offset)::int AS n FROM stream.log_partition WHERE log = $1', [log]))[0]?.n,
          );
        await expect.poll(appended, { message: topic }).toBeGreaterThan(0);
        const command = adapt(here(read), { 'kidjamo-iot-alerts': topic });
        const ours = async (): Promise<string[]> =>
          (await linesOf('sh', ['-c', command])).filter((line) => line.includes('kidjamo-schema'));
        // Both ends still grow while the last reading is on its way: only their difference says anything.
        await expect.poll(async () => (await ours()).length - (await appended()), { message: topic }).toBe(0);
        for (const line of await ours()) {
          const [, key = '', value = ''] = /^(\S+) \S+ (\{.*\})$/.exec(line) ?? [];
          expect(key).toMatch(PSEUDONYM);
          expect(JSON.parse(value)).toMatchObject({ api_version: '1.0.0' });
        }
        const [consumer = ''] = adapt(here(python), { 'kidjamo-iot-alerts': topic, 'my-reader': `reader-of-${topic}` }).split(
          'for message in consumer:',
        );
        const keys = await linesOf(PYTHON, ['-u', '-c', `${consumer}for message in consumer:\n    print(message.key, message.value)`], 1);
        expect(keys).toHaveLength(1);
      }
      const [alert = ''] = await linesOf(PYTHON, ['-u', '-c', here(python)], 1);
      expect(alert).toMatch(/^\S+ CRITICAL_\S+ \d{4}-/);
    });
  });
}
