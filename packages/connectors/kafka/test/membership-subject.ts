/** Groups whose members are Kafka's and whose commits are PostgreSQL's, for the conformance suites and tests of our own. */
import { PostgresTaskStore, STREAM_MIGRATIONS, Wakeups } from '@kidjamo/connector-postgres';
import { createTestDatabase } from '@kidjamo/connector-postgres/testing';
import { systemClock } from '@kidjamo/stream';
import type { Membership } from '@kidjamo/stream';
import { COMMIT_PARTITIONS } from '@kidjamo/stream/testing';
import type { CommitUnderTest } from '@kidjamo/stream/testing';
import { consumerGroupDescribeV0, consumerGroupHeartbeatV1, findCoordinatorV4, FindCoordinatorKeyTypes } from '@platformatic/kafka';
import pg from 'pg';

import { clientOptions } from '../src/connection.ts';
import type { KafkaConnection } from '../src/connection.ts';
import { Cluster } from '../src/kafka-log-cluster.ts';
import { KafkaMembership } from '../src/membership.ts';
import type { KafkaMembershipOptions } from '../src/membership.ts';
import { uniqueName } from '../src/testing/index.ts';
import { makeTopic } from './kafka-log-subject.ts';

/** A database with the tables of the stream, and one pool on it. */
export interface Database {
  readonly url: string;
  readonly pool: pg.Pool;
  close(): Promise<void>;
}

export async function openDatabase(): Promise<Database> {
  const database = await createTestDatabase([STREAM_MIGRATIONS]);
  const pool = new pg.Pool({ connectionString: database.url, max: 20 });
  // Tests end connections on purpose; idle ones are replaced by themselves.
  pool.on('error', () => undefined);
  return {
    url: database.url,
    pool,
    close: async () => {
      await pool.end();
      await database.drop();
    },
  };
}

/** A member of a group as one process has it. */
export function memberOf(
  on: { connection: KafkaConnection; topic: string; group: string; pool: pg.Pool },
  member: string,
  options: Partial<KafkaMembershipOptions> = {},
): KafkaMembership {
  return new KafkaMembership({ ...on, member, clock: systemClock, patience: 50, ...options });
}

/** Asks the coordinator of a group, as whoever. */
async function askCoordinator<T>(
  { connection, group }: { connection: KafkaConnection; group: string },
  ask: (on: Awaited<ReturnType<Cluster['connect']>>) => Promise<T>,
): Promise<T> {
  const cluster = new Cluster({ client: clientOptions(connection), clock: systemClock, timeout: 10_000 });
  try {
    return await cluster.persist('asking the coordinator', async () => {
      const found = await findCoordinatorV4.api.async(await cluster.anyone('test'), FindCoordinatorKeyTypes.GROUP, [group]);
      return ask(await cluster.connect(await cluster.broker(found.coordinators[0]?.nodeId ?? -1), 'test'));
    });
  } finally {
    await cluster.close();
  }
}

/** Has a member put out of its group without its knowledge, as when its session ran out. */
export async function expel(on: { connection: KafkaConnection; topic: string; group: string }, member: KafkaMembership): Promise<void> {
  await askCoordinator(on, (coordinator) =>
    consumerGroupHeartbeatV1.api.async(coordinator, on.group, member.status.kafkaMember, -1, null, null, -1, [on.topic], null, null, []),
  );
}

/**
 * The member, with heartbeats that go on until the brokers have made up their minds. They compute a distribution some time after they
 * learn of a change; a runtime sees it at one of its next heartbeats, and the suite looks at one only.
 */
function settled(on: { connection: KafkaConnection; topic: string; group: string }, kafka: KafkaMembership): Membership {
  const epochs = async () => {
    const { groups } = await askCoordinator(on, (coordinator) => consumerGroupDescribeV0.api.async(coordinator, [on.group], false));
    const member = groups[0]?.members.find((each) => each.memberId === kafka.status.kafkaMember);
    return { group: groups[0]?.groupEpoch, decided: groups[0]?.assignmentEpoch, member: member?.memberEpoch };
  };
  const heartbeat: Membership['heartbeat'] = async () => {
    await kafka.heartbeat();
    for (;;) {
      // Decided before the heartbeat, and nothing new since: what the heartbeat brought is what was decided.
      const before = await epochs();
      const assignment = await kafka.heartbeat();
      const after = await epochs();
      if (before.group !== before.decided || before.group !== after.group) continue;
      if (after.member === after.group || assignment.release.length > 0) return assignment;
    }
  };
  return {
    heartbeat,
    release: (lease) => kafka.release(lease),
    report: (lease, offset) => kafka.report(lease, offset),
    leave: () => kafka.leave(),
  };
}

/** A new group for the suite on membership. */
export async function openGroup(servers: string, { pool }: Database): Promise<CommitUnderTest> {
  const { connection, topic } = await makeTopic(servers, { partitions: COMMIT_PARTITIONS });
  const group = uniqueName('group');
  const on = { connection, topic, group, pool };
  const wakeups = new Wakeups(topic);
  const members = new Map<string, KafkaMembership>();
  const store = new PostgresTaskStore({
    pool,
    wakeups,
    writer: { prepare: async () => undefined, pack: (rows) => rows, write: async () => undefined, known: async () => new Map() },
    outputs: new Map(),
  });
  const unused = (): never => {
    throw new Error('the suite on membership does not commit');
  };
  return {
    log: topic,
    group,
    outputs: [],
    store,
    steps: 0,
    member: (name) => {
      const member = members.get(name) ?? memberOf(on, name);
      members.set(name, member);
      return settled(on, member);
    },
    lapse: async (name) => {
      const member = members.get(name);
      if (member !== undefined) await expel(on, member);
    },
    crashBefore: unused,
    crashAfterCommit: unused,
    offset: async (partition) => {
      const { rows } = await pool.query<{ next: string }>(
        'SELECT next_offset AS next FROM stream.consumer_offset WHERE log = $1 AND consumer_group = $2 AND partition = $3',
        [topic, group, partition],
      );
      return Number(rows[0]?.next);
    },
    snapshot: unused,
    close: async () => {
      for (const member of members.values()) await member.leave();
      wakeups.close();
    },
  };
}
