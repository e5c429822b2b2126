import { expect, test } from 'vitest';
import { applyTopics, checkConnection, inspectTopics } from '../src/index.ts';
import type { KafkaConnection } from '../src/index.ts';
import { describeKafkaCluster, uniqueName } from '../src/testing/index.ts';

describeKafkaCluster('A cluster of three brokers', { brokers: 3 }, (cluster) => {
  const connection = (): KafkaConnection => ({ servers: cluster().servers, clientId: 'test' });

  test('keeps what it was told while one is killed, and takes it back', async () => {
    const before = { name: uniqueName('before'), partitions: 3, replication: 3, config: { 'min.insync.replicas': '2' } };
    expect(await applyTopics(connection(), [before])).toMatchObject({ created: [before.name], differences: [] });
    const second = cluster().servers.split(',')[1] ?? '';
    await cluster().killNode(2);
    await expect(checkConnection({ ...connection(), servers: second })).rejects.toMatchObject({ code: 'LOG_UNAVAILABLE' });
    expect(await inspectTopics(connection(), [before])).toEqual([]);
    await cluster().startNode(2);
    await expect.poll(() => checkConnection(connection())).toBe(3);
    const after = { ...before, name: uniqueName('after') };
    expect(await applyTopics(connection(), [after])).toMatchObject({ created: [after.name], differences: [] });
  });

  test('one that runs already is not started again', async () => {
    const [first] = cluster().nodes;
    await cluster().startNode(1);
    expect((await cluster().describe()).nodes[0]).toEqual(first);
  });

  test('a broker that is asked to end ends, and comes back with what it had', async () => {
    const spec = { name: uniqueName('kept'), partitions: 1, replication: 3, config: {} };
    await applyTopics(connection(), [spec]);
    await cluster().stopNode(3);
    expect((await cluster().describe()).nodes.map(({ pid }) => pid === undefined)).toEqual([false, false, true]);
    await cluster().startNode(3);
    await expect.poll(() => checkConnection(connection())).toBe(3);
    expect(await inspectTopics(connection(), [spec])).toEqual([]);
  });
});
