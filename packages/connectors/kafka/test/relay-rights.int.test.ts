import { systemClock } from '@kidjamo/stream';
import type { Lease, SinkBatch } from '@kidjamo/stream';
import {
  AclOperations,
  AclPermissionTypes,
  ConfigResourceTypes,
  IncrementalAlterConfigOperationTypes,
  ResourcePatternTypes,
  ResourceTypes,
} from '@platformatic/kafka';
import { afterAll, beforeAll, expect, test } from 'vitest';

import { withAdmin } from '../src/connection.ts';
import type { Cluster } from '../src/kafka-log-cluster.ts';
import { relayCluster } from '../src/relay-options.ts';
import { RelayProducer } from '../src/relay-producer.ts';
import { RelayTime } from '../src/relay-time.ts';
import { describeKafkaCluster } from '../src/testing/index.ts';
import { clusterOf, readPartition, relayOf, relayTopics } from './relay-trial.ts';

const never = new AbortController().signal;
const CLUSTER = { resourceType: ResourceTypes.CLUSTER, resourceName: 'kafka-cluster' } as const;

function lease(generation: number): Lease {
  return { log: 'source', group: 'relay', partition: 0, generation };
}

function batchOf(of: Lease, from: number, value: string): SinkBatch {
  return { lease: of, from, to: from + 1, records: [{ partition: 0, offset: from, key: 'k', value, time: 1 }] };
}

describeKafkaCluster('Kafka relay and access lists', { sasl: true }, (broker) => {
  /** May do everything. */
  let all: Cluster;
  /** May do what nobody restricted. */
  let user: Cluster;

  beforeAll(async () => {
    const { servers, listeners, sasl } = broker();
    all = clusterOf(servers);
    const credentials = { mechanism: 'PLAIN', ...(sasl ?? expect.fail()) } as const;
    user = relayCluster({
      connection: { servers: listeners['SASL'] ?? '', clientId: 'test', sasl: credentials },
      clock: systemClock,
      timeout: 5000,
    });
    // So that a test can write outside of a transaction's partitions, which leaves what it wrote open.
    const config = {
      name: 'transaction.partition.verification.enable',
      configOperation: IncrementalAlterConfigOperationTypes.SET,
      value: 'false',
    };
    const resources = [{ resourceType: ConfigResourceTypes.BROKER, resourceName: '1', configs: [config] }];
    await withAdmin({ servers, clientId: 'test' }, { what: 'setting' }, (admin) => admin.incrementalAlterConfigs({ resources }));
  });
  afterAll(async () => {
    await user.close();
    await all.close();
  });

  /** Allows something to somebody: from then on, whoever is not named may not. */
  async function allow(
    name: string,
    operation: keyof typeof AclOperations,
    on: { resourceType: (typeof ResourceTypes)['TOPIC' | 'CLUSTER']; resourceName: string },
  ): Promise<void> {
    const pattern = { resourcePatternType: ResourcePatternTypes.LITERAL, principal: `User:${name}`, host: '*' };
    const creations = [{ ...on, ...pattern, operation: AclOperations[operation], permissionType: AclPermissionTypes.ALLOW }];
    await withAdmin({ servers: broker().servers, clientId: 'test' }, { what: 'allowing' }, (admin) => admin.createAcls({ creations }));
  }

  test('who may not read the topic is told what to grant', async () => {
    const names = await relayTopics(broker().servers, 1);
    const topic = { resourceType: ResourceTypes.TOPIC, resourceName: names.topic };
    await allow('kidjamo', 'WRITE', topic);
    const sink = relayOf(names, user);
    const refused = { code: 'CONFIG_INVALID', message: expect.stringMatching(/topic.*grant/) as string };
    await expect.poll(() => sink.open(lease(1)).catch((error: unknown) => error)).toMatchObject(refused);
    await allow('kidjamo', 'READ', topic);
    await expect.poll(() => sink.open(lease(1)).catch(() => -1)).toBe(0);
    await sink.close();
  });

  test('who may not end what hangs stops without a trace, and goes on once it is granted', async () => {
    const names = await relayTopics(broker().servers, 1);
    const sink = relayOf(names, user);
    await sink.open(lease(1));
    await sink.write(batchOf(lease(1), 0, 'a'), never);
    const time = new RelayTime({ clock: systemClock, ms: 60_000, signal: never });
    const transactionalId = `kidjamo-${names.name}-0`;
    const other = new RelayProducer({ cluster: all, transactionalId, transactionTimeout: 30_000, compression: 'none' });
    await other.init(time);
    await other.begin(time, [{ topic: names.positions, partition: 0 }]);
    const message = { key: Buffer.from('k'), value: Buffer.from('given up'), headers: new Map<Buffer, Buffer>() };
    await other.send(time, { topic: names.topic, partition: 0 }, [message]);
    await other.end(time, 'abort');
    time.end();

    await allow('somebody', 'ALTER', CLUSTER);
    const heir = relayOf(names, user);
    const refused = { code: 'CONFIG_INVALID', retryable: false, message: expect.stringMatching(/grant ALTER on the cluster/) as string };
    await expect(heir.open(lease(2))).rejects.toMatchObject(refused);
    await allow('kidjamo', 'ALTER', CLUSTER);
    await expect.poll(() => heir.open(lease(2)).catch(() => -1)).toBe(1);
    await heir.write(batchOf(lease(2), 1, 'b'), never);
    expect((await readPartition(all, names.topic, 0)).map(({ value }) => value)).toEqual(['a', 'b']);
    await sink.close();
    await heir.close();
  });
});
