import { expect, test } from 'vitest';
import { applyTopics, inspectTopics } from '../src/index.ts';
import type { KafkaConnection, TopicSpec } from '../src/index.ts';
import { describeKafka, uniqueName } from '../src/testing/index.ts';

describeKafka('Topics', (broker) => {
  const connection = (): KafkaConnection => ({ servers: broker().servers, clientId: 'test' });

  test('what is missing is made, and the second time there is nothing to do', async () => {
    const specs = [topic({ config: { 'cleanup.policy': 'compact' } }), topic({ partitions: 3 })];
    const names = specs.map(({ name }) => name);
    expect(await inspectTopics(connection(), specs)).toMatchObject(names.map((name) => ({ topic: name, kind: 'missing' })));
    expect(await applyTopics(connection(), specs)).toEqual({ created: names, configured: [], differences: [] });
    expect(await inspectTopics(connection(), specs)).toEqual([]);
    expect(await applyTopics(connection(), specs)).toEqual({ created: [], configured: [], differences: [] });
  });

  test('two at once make a topic once', async () => {
    const spec = topic({ partitions: 2 });
    const both = await Promise.all([applyTopics(connection(), [spec]), applyTopics(connection(), [spec])]);
    expect(both.flatMap(({ created }) => created)).toEqual([spec.name]);
    expect(both.flatMap(({ differences }) => differences)).toEqual([]);
  });

  test('a setting that differs is named, then set; others stay', async () => {
    const spec = topic({ config: { 'retention.ms': '60000', 'max.message.bytes': '200000' } });
    await applyTopics(connection(), [spec]);
    const changed = { ...spec, config: { 'retention.ms': '120000' } };
    expect(await inspectTopics(connection(), [changed])).toEqual([
      { topic: spec.name, kind: 'config', setting: 'retention.ms', words: expect.stringContaining('60000 instead of 120000') as string },
    ]);
    expect(await applyTopics(connection(), [changed])).toEqual({ created: [], configured: [spec.name], differences: [] });
    expect(await inspectTopics(connection(), [{ ...spec, config: { 'retention.ms': '120000', 'max.message.bytes': '200000' } }])).toEqual(
      [],
    );
  });

  test('partitions are never changed under records, only named', async () => {
    const spec = topic({ partitions: 2 });
    await applyTopics(connection(), [spec]);
    for (const [partitions, kind] of [
      [4, 'too-few-partitions'],
      [1, 'too-many-partitions'],
    ] as const) {
      const { created, configured, differences } = await applyTopics(connection(), [{ ...spec, partitions }]);
      expect({ created, configured }).toEqual({ created: [], configured: [] });
      expect(differences).toMatchObject([{ topic: spec.name, kind, words: expect.stringContaining('KIDJAMO_PARTITIONS') as string }]);
    }
    expect(await inspectTopics(connection(), [spec])).toEqual([]);
  });

  test('fewer copies than asked for are named', async () => {
    const spec = topic({});
    await applyTopics(connection(), [spec]);
    expect(await inspectTopics(connection(), [{ ...spec, replication: 3 }])).toMatchObject([{ kind: 'low-replication' }]);
  });

  test('a topic that can take no record is named; by us it is not made', async () => {
    const spec = topic({});
    await applyTopics(connection(), [spec]);
    await expect(applyTopics(connection(), [{ ...spec, config: { 'min.insync.replicas': '2' } }])).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
    });
    // As somebody else would, with more copies in mind.
    await applyTopics(connection(), [{ ...spec, replication: 2, config: { 'min.insync.replicas': '2' } }]);
    expect(await inspectTopics(connection(), [spec])).toMatchObject([
      { topic: spec.name, kind: 'min-in-sync', words: expect.stringContaining('takes no records') as string },
    ]);
  });

  test('what the brokers can never make is refused for good, with the remedy', async () => {
    const many = applyTopics(connection(), [topic({ replication: 3 })]);
    await expect(many).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      message: expect.stringMatching(/INVALID_REPLICATION_FACTOR.*KAFKA_REPLICATION/) as string,
    });
    const wrong = applyTopics(connection(), [topic({ config: { 'no.such.setting': '1' } })]);
    await expect(wrong).rejects.toMatchObject({ code: 'CONFIG_INVALID', message: expect.stringContaining('INVALID_CONFIG') as string });
  });

  test('without brokers it is unavailable, and may be tried again', async () => {
    const away = { servers: '127.0.0.1:1', clientId: 'test' };
    await expect(inspectTopics(away, [topic({})])).rejects.toMatchObject({ code: 'LOG_UNAVAILABLE', retryable: true });
    await expect(applyTopics(away, [topic({})])).rejects.toMatchObject({ code: 'LOG_UNAVAILABLE', retryable: true });
  });
});

function topic(with_: Partial<TopicSpec>): TopicSpec {
  return { name: uniqueName('topic'), partitions: 1, replication: 1, config: {}, ...with_ };
}
