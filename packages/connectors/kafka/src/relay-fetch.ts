/** What stands in a partition, decided or not, with the markers that end transactions. */

import { fetchV13, FetchIsolationLevels } from '@platformatic/kafka';

import { unavailable } from './kafka-log-cluster.ts';
import type { Cluster } from './kafka-log-cluster.ts';
import type { TopicPartition } from './relay-producer.ts';

/** What to fetch. */
export interface RelayFetch {
  readonly cluster: Cluster;
  readonly at: TopicPartition;
  readonly offset: number;
  /** The connection it goes over; see {@link Cluster.connect}. */
  readonly lane: string;
  /** Ask for the leader anew. */
  readonly fresh: boolean;
}

const FETCH_BYTES = 4 << 20;

/** Fetches once what was written up to the high watermark. @throws what the broker says, OFFSET_OUT_OF_RANGE too. */
export async function fetchAll({ cluster, at, offset, lane, fresh }: RelayFetch): Promise<fetchV13.FetchResponsePartition> {
  const { topic, partition } = at;
  const place = (await cluster.places(topic, fresh))[partition];
  const connection = await cluster.connect(place?.broker, lane);
  const wanted = {
    partition,
    currentLeaderEpoch: -1,
    fetchOffset: BigInt(offset),
    lastFetchedEpoch: -1,
    partitionMaxBytes: FETCH_BYTES,
  };
  const response = await fetchV13.api.async(
    connection,
    0,
    0,
    FETCH_BYTES,
    FetchIsolationLevels.READ_UNCOMMITTED,
    0,
    -1,
    [{ topicId: place?.topicId ?? '', partitions: [wanted] }],
    [],
    '',
  );
  const answer = response.responses[0]?.partitions[0];
  if (answer === undefined) throw unavailable('a fetch was answered without its partition');
  return answer;
}
