import { describeKafkaCluster } from '@kidjamo/connector-kafka/testing';
import { test } from 'vitest';
import { replayUnderKills } from './kills.ts';

// What kills.int.test.ts does on the log of the database, with Kafka between the gateway and the task.
describeKafkaCluster('Kidjamo on Kafka', { brokers: 1 }, (cluster) => {
  test('a replay through two processes survives four kills', { timeout: 300_000 }, async () => {
    await replayUnderKills({ readings: 20_000, kills: 4, seed: 7, env: { KAFKA_SERVERS: cluster().servers } });
  });
});
