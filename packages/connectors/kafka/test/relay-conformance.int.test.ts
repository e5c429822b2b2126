import { sinkConformance } from '@kidjamo/stream/testing';
import type { SinkUnderTest } from '@kidjamo/stream/testing';
import type { Lease, Sink } from '@kidjamo/stream';

import { describeKafka } from '../src/testing/index.ts';
import { clusterOf, DyingCluster, readPartition, relayOf, relayTopics } from './relay-trial.ts';

const PARTITIONS = 6;

/** Dies before the `step`-th request of its next write, not of its open. */
function mortal(make: (cluster: DyingCluster) => Sink, servers: string, step: number): { sink: Sink; cluster: DyingCluster } {
  const cluster = new DyingCluster(servers, Infinity);
  const whole = make(cluster);
  const sink: Sink = {
    name: whole.name,
    log: whole.log,
    batching: whole.batching,
    open: (lease: Lease) => whole.open(lease),
    write: (batch, signal) => {
      cluster.left = step;
      return whole.write(batch, signal);
    },
    close: () => whole.close(),
  };
  return { sink, cluster };
}

describeKafka('Kafka relay', (broker) => {
  sinkConformance('Kafka relay', {
    create: async (): Promise<SinkUnderTest> => {
      const { servers } = broker();
      const names = await relayTopics(servers, PARTITIONS);
      const cluster = clusterOf(servers);
      const clusters = [cluster];
      return {
        sink: relayOf(names, cluster),
        second: () => relayOf(names, cluster),
        record: (i) => ({ key: `k${i % 7}`, value: `${i} secret` }),
        read: async () => {
          const all = await Promise.all(
            Array.from({ length: PARTITIONS }, (_, partition) => readPartition(cluster, names.topic, partition)),
          );
          return all.flat().map(({ value }) => value.split(' ')[0] ?? '');
        },
        invalidRecord: { key: 'k', value: 'bad and secret' },
        crashBefore: (step) => {
          const doomed = mortal((its) => relayOf(names, its), servers, step);
          clusters.push(doomed.cluster);
          return doomed.sink;
        },
        // Two questions whether something hangs, partitions added, records and position written, the commit asked for.
        steps: 6,
        unavailable: () => {
          const nowhere = clusterOf('127.0.0.1:1', 500);
          clusters.push(nowhere);
          return relayOf(names, nowhere, { timeout: 1000 });
        },
        secrets: ['secret'],
        close: async () => {
          await Promise.all(clusters.map((each) => each.close()));
        },
      };
    },
  });
});
