import { describe, expect, test } from 'vitest';

import { inputMode, kafkaUse, wantedTopics } from '../src/config/kafka.ts';
import { readSettings } from '../src/config/settings.ts';

const KAFKA = { KAFKA_SERVERS: 'kafka-1:9092, kafka-2:9092' } as const;

describe('what cannot be meant is refused, with the names of the settings', () => {
  test.each([
    [{ KIDJAMO_GATEWAY_MODE: 'direct' }, /KIDJAMO_GATEWAY_MODE=direct needs KAFKA_SERVERS/],
    [{ ...KAFKA, KIDJAMO_GATEWAY_MODE: 'both' }, /KIDJAMO_GATEWAY_MODE must be one of outbox, direct/],
    [{ ...KAFKA, KAFKA_SSL: 'true', KAFKA_SSL_CERT: 'c.pem' }, /KAFKA_SSL_CERT and KAFKA_SSL_KEY/],
    [{ ...KAFKA, KAFKA_SSL_CA: 'ca.pem' }, /need KAFKA_SSL=true/],
    [{ ...KAFKA, KAFKA_SASL_MECHANISM: 'PLAIN', KAFKA_SASL_USERNAME: 'u' }, /needs KAFKA_SASL_USERNAME and KAFKA_SASL_PASSWORD/],
    [{ ...KAFKA, KAFKA_SASL_PASSWORD: 'secret' }, /need KAFKA_SASL_MECHANISM/],
  ])('%o', (env, message) => {
    expect(() => readSettings(env)).toThrow(message);
  });

  test('addresses and files', async () => {
    await expect(kafkaUse(readSettings({ KAFKA_SERVERS: 'kafka-1' }))).rejects.toThrow(/KAFKA_SERVERS is a list of host:port/);
    const env = { ...KAFKA, KAFKA_SSL: 'true', KAFKA_SSL_CA: '/nowhere/ca.pem' };
    await expect(kafkaUse(readSettings(env))).rejects.toThrow(/KAFKA_SSL_CA must name a PEM file/);
  });
});

test('without brokers there is no Kafka, with brokers an outbox unless direct is said', async () => {
  expect(inputMode(readSettings({}))).toBe('embedded');
  expect(await kafkaUse(readSettings({}))).toBeUndefined();
  const settings = readSettings(KAFKA);
  expect(await kafkaUse(settings)).toMatchObject({ mode: 'outbox', compression: 'none', startingOffsets: 'earliest', onDataLoss: 'fail' });
  const sasl = { KAFKA_SASL_MECHANISM: 'SCRAM-SHA-512', KAFKA_SASL_USERNAME: 'u', KAFKA_SASL_PASSWORD: 'p' };
  expect(
    await kafkaUse(readSettings({ ...KAFKA, ...sasl, KIDJAMO_GATEWAY_MODE: 'direct', KAFKA_FAIL_ON_DATA_LOSS: 'false' })),
  ).toMatchObject({
    mode: 'direct',
    onDataLoss: 'continue',
    connection: { sasl: { mechanism: 'SCRAM-SHA-512', username: 'u', password: 'p' } },
  });
});

test('topics have the partitions of the logs, and what others write is unpacked by the brokers', async () => {
  const topics = await wantedTopics(readSettings({ ...KAFKA, KIDJAMO_PARTITIONS: '7', KAFKA_REPLICATION: '3' }));
  const [measurements] = topics.filter(({ name }) => name === 'kidjamo-iot-measurements');
  expect(measurements).toMatchObject({
    partitions: 7,
    replication: 3,
    config: { 'min.insync.replicas': '2', 'compression.type': 'uncompressed', 'message.timestamp.type': 'LogAppendTime' },
  });
  expect(topics.map(({ name }) => name)).toContain('kidjamo-relay-positions');
});
