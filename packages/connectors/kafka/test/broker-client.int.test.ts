/** What docs/adr/0014-kafka-client.md says of the client, so that an upgrade which changes it is noticed. */
import { Consumer, MessagesStreamModes, Producer, stringDeserializers, stringSerializers } from '@platformatic/kafka';
import type { ConsumerOptions } from '@platformatic/kafka';
import { expect, test } from 'vitest';

import { applyTopics, brokerSaid, clientOptions } from '../src/index.ts';
import type { KafkaConnection } from '../src/index.ts';
import { describeKafka, uniqueName } from '../src/testing/index.ts';

type Texts = ConsumerOptions<string, string, string, string>;

/** A new owner of a transactional id asks for the next epoch; the client's own default asks for epoch 0 and is refused. */
const NEW_OWNER = { producerId: -1n, producerEpoch: -1 };

describeKafka('The client', (broker) => {
  const connection = (): KafkaConnection => ({ servers: broker().servers, clientId: 'test' });
  const common = (): { clientId: string; bootstrapBrokers: string[] } => ({
    clientId: 'test',
    bootstrapBrokers: broker().servers.split(','),
  });

  async function topic(config: Record<string, string> = {}): Promise<string> {
    const name = uniqueName('client');
    await applyTopics(connection(), [{ name, partitions: 1, replication: 1, config }]);
    return name;
  }

  async function read(name: string, count: number, options: Partial<Texts> = {}): Promise<string[]> {
    const consumer = new Consumer({ ...common(), groupId: uniqueName('group'), deserializers: stringDeserializers, ...options });
    const stream = await consumer.consume({ topics: [name], mode: MessagesStreamModes.EARLIEST, autocommit: false });
    const values: string[] = [];
    for await (const { value } of stream) {
      values.push(value);
      if (values.length >= count) break;
    }
    await consumer.close(true);
    return values;
  }

  test('every compression is written and read without a native add-on, by every kind of group', async () => {
    const name = await topic();
    const codecs = ['none', 'gzip', 'snappy', 'lz4', 'zstd'] as const;
    const values = codecs.map((codec) => codec.repeat(1_000));
    const producer = new Producer({ ...clientOptions(connection()), serializers: stringSerializers, idempotent: true });
    for (const [index, compression] of codecs.entries())
      await producer.send({ messages: [{ topic: name, value: values[index] ?? '' }], compression });
    await producer.close();
    expect(await read(name, codecs.length)).toEqual(values);
    expect(await read(name, codecs.length, { groupProtocol: 'consumer' })).toEqual(values);
    expect(await read(name, codecs.length, { groupInstanceId: 'one' })).toEqual(values);
  });

  test('a second owner of a transactional id fences the first; what was given up is not read', async () => {
    const name = await topic();
    const owner = (): Producer<string, string, string, string> =>
      new Producer({
        ...clientOptions(connection()),
        ...NEW_OWNER,
        serializers: stringSerializers,
        idempotent: true,
        transactionalId: name,
      });
    const write = async (producer: ReturnType<typeof owner>, value: string, end: 'commit' | 'abort'): Promise<void> => {
      const transaction = await producer.beginTransaction();
      await transaction.send({ messages: [{ topic: name, value }] });
      await transaction[end]();
    };
    const first = owner();
    await write(first, 'one', 'commit');
    await write(first, 'given up', 'abort');
    const second = owner();
    await write(second, 'two', 'commit');
    const late: unknown = await write(first, 'too late', 'commit').catch((error: unknown) => error);
    expect(brokerSaid(late, 'PRODUCER_FENCED')).toBe(true);
    await write(second, 'three', 'commit');
    await second.close();
    await first.close(true).catch(() => undefined);
    expect(await read(name, 3)).toEqual(['one', 'two', 'three']);
  });

  test('a topic that keeps records unpacked refuses what is small only while it is packed', async () => {
    const packed = await topic();
    const unpacked = await topic({ 'compression.type': 'uncompressed' });
    const producer = new Producer({ ...clientOptions(connection()), serializers: stringSerializers, idempotent: true });
    const send = (name: string): Promise<unknown> =>
      producer.send({ messages: [{ topic: name, value: 'b'.repeat(8_000_000) }], compression: 'zstd' });
    await expect(send(packed)).resolves.toBeDefined();
    const refused: unknown = await send(unpacked).catch((error: unknown) => error);
    expect(brokerSaid(refused, 'MESSAGE_TOO_LARGE')).toBe(true);
    await producer.close();
  });
});
