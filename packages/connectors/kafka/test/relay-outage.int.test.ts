import { hasCode } from '@kidjamo/stream';
import { expect, test } from 'vitest';

import { describeKafkaCluster } from '../src/testing/index.ts';
import { carry, loadRecord } from './relay-load.ts';
import { clusterOf, readPartition, relayOf, relayTopics } from './relay-trial.ts';

describeKafkaCluster('Kafka relay without its broker', { brokers: 1 }, (cluster) => {
  for (const how of ['crashes', 'is stopped in order'] as const) {
    test(`goes on by itself where the broker ${how} and stays away for some tries`, async () => {
      const { servers, killNode, stopNode, startNode } = cluster();
      const names = await relayTopics(servers, 1);
      const connections = clusterOf(servers, 2000);
      const sink = relayOf(names, connections, { timeout: 2000, transactionTimeout: 10_000, batching: { maxRecords: 100 } });
      const total = 8000;
      const failures: unknown[] = [];
      const outages: Promise<void>[] = [];
      const enough = Promise.withResolvers<undefined>();
      const away = async (): Promise<void> => {
        await (how === 'crashes' ? killNode(1) : stopNode(1));
        failures.length = 0;
        await enough.promise;
        await startNode(1);
      };
      await carry({
        sink,
        partitions: [0],
        total,
        generation: 1,
        observer: {
          failed: (_, error) => {
            failures.push(error);
            if (failures.length >= 3) enough.resolve(undefined);
          },
        },
        report: async (_, position) => {
          if (position >= 1000 && outages.length === 0) outages.push(away());
        },
      });
      await Promise.all(outages);
      expect(outages.length).toBe(1);
      expect(failures.length).toBeGreaterThanOrEqual(3);
      expect(failures.filter((error) => !hasCode(error, 'SINK_UNAVAILABLE') && !hasCode(error, 'CIRCUIT_OPEN'))).toEqual([]);
      const records = await readPartition(connections, names.topic, 0);
      expect(records.map(({ value }) => value)).toEqual(Array.from({ length: total }, (_, i) => loadRecord(0, i).value));
      await sink.close();
      await connections.close();
    }, 180_000);
  }
});
