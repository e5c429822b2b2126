/** The topics that `kidjamo topics apply` makes, with their settings. */

import { TOPICS } from './names.ts';

/** What is decided by settings. */
export interface TopicSettings {
  /** KIDJAMO_PARTITIONS: every topic has as many as the logs, since a record keeps its partition. */
  readonly partitions: number;
  /** KAFKA_REPLICATION. */
  readonly replication: number;
  /** How long messages of public topics stay, hours. */
  readonly publicHours: number;
  /** How long messages of the input topic stay, hours; as long as records of the log. */
  readonly inputHours: number;
}

/** A topic as it has to be; `TopicSpec` of the connector, with its meaning. */
export interface VitalsTopic {
  readonly name: string;
  readonly meaning: string;
  readonly partitions: number;
  readonly replication: number;
  readonly config: Readonly<Record<string, string>>;
}

const HOUR = 3_600_000;
/** Bytes of a message of ours on a public topic, some 2 KB, with room; and of foreign ones, whose body may have 1 MiB as at the door. */
const PUBLIC_BYTES = (1 << 20) + 4096;
/** A body of 1 MiB grows as a record (escapes, ids), and by a third when it is sealed. */
const INPUT_BYTES = 8 << 20;

/** What each topic is for. */
const MEANING = {
  [TOPICS.measurements]: 'Readings as graded and enriched, under pseudonyms. Others may write readings in the nested format.',
  [TOPICS.alerts]: 'Alerts as they are raised, under pseudonyms.',
  [TOPICS.deviceStatus]: 'What devices say of themselves, under pseudonyms.',
  [TOPICS.errors]: 'Readings that could not be stored as they came, with the reason.',
  [TOPICS.input]: 'The input log, sealed. For Kidjamo only.',
} as const;

/** The topics of vital signs. */
export function vitalsTopics(settings: TopicSettings): readonly VitalsTopic[] {
  return Object.entries(MEANING).map(([name, meaning]) => ({
    name,
    meaning,
    partitions: settings.partitions,
    replication: settings.replication,
    config: {
      ...configOf(name === TOPICS.input, settings),
      // Others write here too: the broker unpacks what they send, and refuses what is then too large, before a reader would have to.
      ...(name === TOPICS.measurements ? { 'compression.type': 'uncompressed' } : {}),
    },
  }));
}

function configOf(input: boolean, { replication, publicHours, inputHours }: TopicSettings): Readonly<Record<string, string>> {
  return {
    // History, not the last state of a key: compaction would delete readings.
    'cleanup.policy': 'delete',
    'retention.ms': String((input ? inputHours : publicHours) * HOUR),
    // With three copies one broker may be away, and what is acknowledged is on two.
    'min.insync.replicas': String(Math.max(1, replication - 1)),
    // Log time must not be a matter of writers' clocks.
    'message.timestamp.type': 'LogAppendTime',
    'max.message.bytes': String(input ? INPUT_BYTES : PUBLIC_BYTES),
    // A broker that lacks acknowledged records must not become leader.
    'unclean.leader.election.enable': 'false',
  };
}
