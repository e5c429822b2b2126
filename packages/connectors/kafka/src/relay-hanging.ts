/**
 * Transactions that hang: their coordinator takes them for ended, and a partition has no marker of their end.
 *
 * A coordinator skips the marker of a partition that has no leader in that moment, as if the partition were deleted (KAFKA-20734; seen
 * with Kafka 4.3.1 where the only broker, or the only one with a copy, goes away). What was written stays open there, and whatever marker
 * of the same producer id comes next decides over it: records that were given up would appear, or committed ones vanish.
 *
 * Two rules make a relay safe against it, in both partitions that it writes, the topic's and that of the positions.
 *
 * 1. Before a transaction begins, the one before it has left both. So no marker ever meets records that are not of its own transaction, and
 *    what hangs is always one transaction, the last one that wrote.
 * 2. What hangs is ended as the position says, before anything else is written. The coordinator is not asked: its state is gone after the
 *    next take-over, and a crash may come between. A position names the first record of its transaction, and is written last.
 *
 * | the topic's partition   | the positions                                | so                                                         |
 * |-------------------------|----------------------------------------------|------------------------------------------------------------|
 * | open from n             | the committed position begins at n           | its commit was decided: commit                             |
 * | open from n             | the committed position does not, none is open | no commit was decided: abort                              |
 * | open from n             | open, with a position that begins at n       | all is written and nobody has seen any of it: commit both, since the commit may have been confirmed |
 * | closed                  | open, with a position that begins at n       | as the marker after n in the topic's partition says        |
 * | closed                  | open, with a position without records        | nothing depends on it: commit                              |
 * | anything else           |                                              | cannot be: stop, with nothing changed                      |
 *
 * A crash between two markers leaves one of the other rows, with the same outcome. A marker has the epoch of the producer id just taken
 * over: it shuts out what may still be on its way from older owners, and it is refused once a younger one has written.
 */

import { KidjamoError } from '@kidjamo/stream';
import type { Connection } from '@platformatic/kafka';

import { brokerSaid } from './connection.ts';
import type { Cluster } from './kafka-log-cluster.ts';
import { fetchAll } from './relay-fetch.ts';
import { markerOf } from './transaction-batch.ts';
import type { Outcome } from './transaction-batch.ts';
import { openTransactions, writeMarker } from './relay-markers.ts';
import type { OpenTransaction } from './relay-markers.ts';
import { NO_RECORDS } from './relay-positions.ts';
import type { FoundPosition, FoundPositions, RelayPositions } from './relay-positions.ts';
import type { ProducerIdentity, RelayProducer, TopicPartition } from './relay-producer.ts';
import { IdentityLost } from './relay-time.ts';
import type { RelayTime } from './relay-time.ts';

/** A relay's partition, and its producer. */
export interface Relayed {
  readonly cluster: Cluster;
  readonly producer: RelayProducer;
  readonly target: TopicPartition;
  readonly positions: RelayPositions;
  readonly key: string;
}

/** Wait for a marker that is being written, ms: doubled each time. */
const FIRST_WAIT = 2;
const LONGEST_WAIT = 100;

/**
 * Waits until the last transaction has left both partitions. False when it never will: it hangs, or another producer has the
 * transactional id.
 */
export async function hasLeft(time: RelayTime, relayed: Relayed): Promise<boolean> {
  const { producer, positions, target } = relayed;
  const { id } = producer.identity;
  let done = false;
  for (let wait = FIRST_WAIT; ; wait = Math.min(LONGEST_WAIT, wait * 2)) {
    const open = await Promise.all([positions.at, target].map((at) => openIn(time, relayed, at)));
    if (!open.flat().some(({ writer }) => writer.id === id)) return true;
    // Asked after the coordinator was done: what is open now stays open.
    if (done) return false;
    try {
      done = await producer.isDone(time);
    } catch (error) {
      if (!(error instanceof IdentityLost)) throw error;
      return false;
    }
    if (!done) await time.rest(wait);
  }
}

/**
 * Ends what hangs, after the producer id was taken over, and tells the position that holds then.
 * @throws IdentityLost when a younger owner has it by now; KidjamoError SINK_UNAVAILABLE when it cannot be told how to end it,
 * CONFIG_INVALID when the brokers do not allow it.
 */
export async function endHanging(time: RelayTime, relayed: Relayed): Promise<FoundPosition | undefined> {
  const { producer, positions, target, key } = relayed;
  const inTarget = await openIn(time, relayed, target);
  const inPositions = await openIn(time, relayed, positions.at);
  const found = await positions.find(time, key);
  // The producer id changes when its epochs are used up, or nobody used it for days.
  const writers = [producer.identity, ...[found.decided, ...found.undecided].flatMap((each) => each?.writer ?? [])];
  const ids = new Set(writers.map(({ id }) => id));
  const ours = ({ writer }: OpenTransaction): boolean => ids.has(writer.id);
  if (!inTarget.some(ours) && !inPositions.some(ours)) return found.decided;
  // Asked after the lists were made: nothing in them is of a younger owner.
  if (!(await producer.isDone(time))) throw unclear('its coordinator has not ended it yet');
  for (const id of ids) {
    const hanging = {
      id,
      inTarget: inTarget.find(({ writer }) => writer.id === id),
      inPositions: inPositions.find(({ writer }) => writer.id === id),
    };
    if (hanging.inTarget === undefined && hanging.inPositions === undefined) continue;
    const outcome = await outcomeOf(time, relayed, { ...hanging, found });
    if (hanging.inPositions !== undefined) await end(time, relayed, { at: positions.at, open: hanging.inPositions, outcome });
    if (hanging.inTarget !== undefined) await end(time, relayed, { at: target, open: hanging.inTarget, outcome });
  }
  return (await positions.find(time, key)).decided;
}

/** What is open of one producer id. */
interface Hanging {
  readonly id: bigint;
  readonly inTarget: OpenTransaction | undefined;
  readonly inPositions: OpenTransaction | undefined;
  readonly found: FoundPositions;
}

/** See the table. */
async function outcomeOf(time: RelayTime, relayed: Relayed, { id, inTarget, inPositions, found }: Hanging): Promise<Outcome> {
  const { decided } = found;
  if (inPositions === undefined) return decided?.writer.id === id && decided.first === inTarget?.first ? 'commit' : 'abort';
  const position = found.undecided.find(({ writer }) => writer.id === id);
  if (position === undefined) throw unclear('the position in it cannot be read yet');
  if (position.first === inTarget?.first) return 'commit';
  if (inTarget !== undefined) throw unclear('its records are not those of the position in it');
  return position.first === NO_RECORDS ? 'commit' : markerAfter(time, relayed, { id, offset: position.first });
}

/** How the transaction of a producer id that begins at an offset ended in the topic. */
async function markerAfter(
  time: RelayTime,
  { cluster, target, producer }: Relayed,
  { id, offset }: { id: bigint; offset: number },
): Promise<Outcome> {
  for (let next = offset; ;) {
    const from = next;
    const { records } = await time.persist({
      what: 'looking for the end of a transaction',
      action: async (fresh) => {
        try {
          return await fetchAll({ cluster, at: target, offset: from, lane: producer.lane, fresh });
        } catch (error) {
          if (!brokerSaid(error, 'OFFSET_OUT_OF_RANGE')) throw error;
          throw unclear('its records are gone from the topic');
        }
      },
    });
    for (const batch of records ?? []) {
      next = Math.max(next, Number(batch.firstOffset) + batch.lastOffsetDelta + 1);
      const outcome = markerOf(batch);
      if (outcome !== undefined && batch.producerId === id) return outcome;
    }
    if (next === from) throw unclear('its records are neither open nor ended in the topic');
  }
}

async function openIn(time: RelayTime, { cluster, producer }: Relayed, at: TopicPartition): Promise<OpenTransaction[]> {
  return time.persist({
    what: 'asking for open transactions',
    action: async (fresh) => openTransactions(await leaderOf(cluster, at, { lane: producer.lane, fresh }), at),
  });
}

async function end(
  time: RelayTime,
  { cluster, producer }: Relayed,
  { at, open, outcome }: { at: TopicPartition; open: OpenTransaction; outcome: Outcome },
): Promise<void> {
  const { identity } = producer;
  const writer: ProducerIdentity = open.writer.id === identity.id ? identity : open.writer;
  await time.persist({
    what: 'ending a transaction that hangs',
    action: async (fresh) => {
      const leader = await leaderOf(cluster, at, { lane: producer.lane, fresh });
      try {
        await writeMarker(leader, at, { writer, coordinatorEpoch: open.coordinatorEpoch, outcome });
      } catch (error) {
        if (!brokerSaid(error, 'CLUSTER_AUTHORIZATION_FAILED')) throw error;
        throw new KidjamoError(
          'CONFIG_INVALID',
          `the brokers left a transaction of the relay open in topic ${at.topic} and do not allow this user to end it. Remedy: grant ALTER on the cluster; do not end it by hand, since the tool of Kafka always aborts`,
          { cause: error },
        );
      }
    },
  });
}

async function leaderOf(
  cluster: Cluster,
  { topic, partition }: TopicPartition,
  { lane, fresh }: { lane: string; fresh: boolean },
): Promise<Connection> {
  return cluster.connect((await cluster.places(topic, fresh))[partition]?.broker, lane);
}

function unclear(why: string): KidjamoError {
  return new KidjamoError(
    'SINK_UNAVAILABLE',
    `the brokers left a transaction of the relay open, and it is not clear how to end it: ${why}. Remedy: if it stays so, see the guide of Kafka`,
  );
}
