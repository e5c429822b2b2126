import { fence, raiseGeneration } from '@kidjamo/connector-postgres';
import { systemClock } from '@kidjamo/stream';
import type { Lease } from '@kidjamo/stream';
import { membershipConformance } from '@kidjamo/stream/testing';
import { afterAll, beforeAll, expect, test } from 'vitest';

import { withAdmin } from '../src/connection.ts';
import type { KafkaMembershipOptions } from '../src/membership.ts';
import { describeKafka, uniqueName } from '../src/testing/index.ts';
import { makeTopic, openLog } from './kafka-log-subject.ts';
import { memberOf, openDatabase, openGroup } from './membership-subject.ts';
import type { Database } from './membership-subject.ts';

describeKafka('membership on Kafka', (broker) => {
  let database: Database;
  beforeAll(async () => {
    database = await openDatabase();
  });
  afterAll(() => database.close());

  membershipConformance('Kafka', () => openGroup(broker().servers, database));

  /** A group on a new topic with one member that has a partition. */
  async function alone(options: Partial<KafkaMembershipOptions> = {}, records = 0) {
    const { connection, topic } = await makeTopic(broker().servers, { partitions: 1 });
    if (records > 0) {
      const log = await openLog({ connection, topic });
      await log.append(Array.from({ length: records }, (_, i) => ({ partition: 0, key: 'k', value: String(i) })));
      await log.close();
    }
    const on = { connection, topic, group: uniqueName('group'), pool: database.pool };
    const member = memberOf(on, 'a', options);
    const lease = async (): Promise<Lease> => {
      const [first] = (await member.heartbeat()).leases;
      return first ?? lease();
    };
    return { on, member, lease, first: await lease() };
  }

  test('offsets are shown to the tools of Kafka', async () => {
    const { on, member, first } = await alone();
    await member.report(first, 7);
    await member.heartbeat();
    const shown = await withAdmin(on.connection, { what: 'listing offsets' }, (admin) =>
      admin.listConsumerGroupOffsets({ groups: [{ groupId: on.group, topics: [{ name: on.topic, partitionIndexes: [0] }] }] }),
    );
    expect(shown[0]?.topics[0]?.partitions[0]?.committedOffset).toBe(7n);
    expect(member.status).toMatchObject({ partitions: [0], rebalances: 1, expulsions: 0, unshown: 0 });
    await member.leave();
  });

  test('a member whose generation was raised by one who should not have takes its partition over again', async () => {
    const { on, member, lease, first } = await alone();
    const late = await raiseGeneration(on.pool, first, 'late');
    await fence({ pool: on.pool, clock: systemClock, patience: 50 }, late);
    const again = await lease();
    expect(again.generation).toBeGreaterThan(late.generation);
    expect(await lease()).toEqual(again);
    await member.leave();
  });

  test.for([
    { startingOffsets: 'earliest' as const, start: '0' },
    { startingOffsets: 'latest' as const, start: '5' },
  ])('a new group begins at the $startingOffsets record', async ({ startingOffsets, start }) => {
    const { on, member } = await alone({ startingOffsets }, 5);
    const { rows } = await on.pool.query('SELECT next_offset FROM stream.consumer_offset WHERE log = $1 AND consumer_group = $2', [
      on.topic,
      on.group,
    ]);
    expect(rows).toEqual([{ next_offset: start }]);
    await member.leave();
  });

  test('brokers that are away are told with a code, and leaving ends all the same', async () => {
    const on = { connection: { servers: '127.0.0.1:1', clientId: 'kidjamo-test' }, topic: 'any', group: 'any', pool: database.pool };
    const member = memberOf(on, 'a', { timeout: 1000 });
    await expect(member.heartbeat()).rejects.toMatchObject({ code: 'LOG_UNAVAILABLE', retryable: true });
    await member.leave();
  });
});
