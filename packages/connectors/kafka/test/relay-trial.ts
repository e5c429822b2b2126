/** What the tests of the relay share: topics, a relay between them, and a reader of committed records. */

import { systemClock } from '@kidjamo/stream';
import type { Clock, LogRecord } from '@kidjamo/stream';
import { FetchIsolationLevels, listOffsetsV7, ListOffsetTimestamps } from '@platformatic/kafka';

import { clientOptions } from '../src/connection.ts';
import { fetchOnce } from '../src/fetch.ts';
import { Cluster } from '../src/kafka-log-cluster.ts';
import { TEXT_CODEC } from '../src/kafka-log-codec.ts';
import { relayPositionsTopic } from '../src/relay-positions.ts';
import { relayCluster } from '../src/relay-options.ts';
import type { KafkaRelaySinkOptions } from '../src/relay-options.ts';
import { KafkaRelaySink } from '../src/relay-sink.ts';
import { applyTopics } from '../src/topics.ts';
import { uniqueName } from '../src/testing/index.ts';

/** Topics of a trial of their own. */
export interface RelayNames {
  readonly servers: string;
  readonly name: string;
  readonly topic: string;
  readonly positions: string;
}

/** Makes the topics of a relay. */
export async function relayTopics(servers: string, partitions: number, replication = 1): Promise<RelayNames> {
  const names = { servers, name: uniqueName('relay'), topic: uniqueName('target'), positions: uniqueName('positions') };
  await applyTopics({ servers, clientId: 'test' }, [
    { name: names.topic, partitions, replication, config: {} },
    relayPositionsTopic(replication, names.positions),
  ]);
  return names;
}

/** A relay with the values unchanged. A value that begins with `bad` is refused. */
export function relayOf(names: RelayNames, cluster: Cluster, options: Partial<KafkaRelaySinkOptions> = {}): KafkaRelaySink {
  const { name, topic, positions } = names;
  return new KafkaRelaySink({
    name,
    log: 'source',
    topic,
    positions,
    cluster,
    encode: ({ key, value }) =>
      value.startsWith('bad') ? { refuse: 'the value is bad' } : { key, value, headers: { 'kidjamo-schema': 'x/1' } },
    ...options,
  });
}

/** Connections for a relay. */
export function clusterOf(servers: string, timeout?: number, clock: Clock = systemClock): Cluster {
  return relayCluster({ connection: { servers, clientId: 'test' }, clock, ...(timeout === undefined ? {} : { timeout }) });
}

/**
 * All that a reader of committed records sees of a partition. It reads as far as something is written, and so waits for transactions that
 * are being ended: their markers come a moment after the commit is durable.
 */
export async function readPartition(cluster: Cluster, topic: string, partition: number): Promise<LogRecord[]> {
  const end = await writtenUpTo(cluster, topic, partition);
  const records: LogRecord[] = [];
  for (let offset = 0; offset < end;) {
    const at = offset;
    const fetched = await cluster.persist('reading', (fresh) =>
      fetchOnce({
        cluster,
        topic,
        partition,
        offset: at,
        maxBytes: 8 << 20,
        maxWait: 500,
        lane: `test-${partition}`,
        codec: TEXT_CODEC,
        fresh,
      }),
    );
    records.push(...(fetched?.records ?? []));
    offset = fetched?.next ?? end;
  }
  return records;
}

/** The high watermark: records of open transactions count. */
async function writtenUpTo(cluster: Cluster, topic: string, partition: number): Promise<number> {
  return cluster.persist('listing', async (fresh) => {
    const place = (await cluster.places(topic, fresh))[partition];
    const connection = await cluster.connect(place?.broker, `test-${partition}`);
    const wanted = { partitionIndex: partition, currentLeaderEpoch: -1, timestamp: ListOffsetTimestamps.LATEST };
    const { topics } = await listOffsetsV7.api.async(connection, -1, FetchIsolationLevels.READ_UNCOMMITTED, [
      { name: topic, partitions: [wanted] },
    ]);
    return Number(topics[0]?.partitions[0]?.offset ?? 0);
  });
}

/** A cluster whose `step`-th request of a relay is never sent, nor any after it: the process died. */
export class DyingCluster extends Cluster {
  left: number;

  constructor(servers: string, step: number) {
    super({ client: clientOptions({ servers, clientId: 'test' }), clock: systemClock, timeout: 5000 });
    this.left = step;
  }

  /** From now on, dies before the `step`-th request. */
  override async connect(...to: Parameters<Cluster['connect']>): ReturnType<Cluster['connect']> {
    this.left -= 1;
    if (this.left > 0) return super.connect(...to);
    return new Promise(() => undefined);
  }
}
