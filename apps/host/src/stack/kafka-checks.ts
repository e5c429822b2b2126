/** What `kidjamo doctor` looks at of Kafka. */

import type { KafkaConnection } from '@kidjamo/connector-kafka';
import { KidjamoError } from '@kidjamo/stream';

import { kafkaUse, wantedTopics } from '../config/kafka.ts';
import type { Settings } from '../config/settings.ts';
import type { Check } from './examination.ts';
import { NO_ENDS, TopicEnds } from './topic-ends.ts';
import type { Ends } from './topic-ends.ts';

/** What was found, and the topics as far as they can be asked. */
export interface KafkaFindings {
  readonly checks: readonly Check[];
  readonly ends: () => Promise<Ends>;
}

const NOTHING: KafkaFindings = { checks: [], ends: () => Promise.resolve(NO_ENDS) };

/** Looks at the connection and the topics; at nothing where Kafka is not used. */
export async function examineKafka(settings: Settings): Promise<KafkaFindings> {
  try {
    const kafka = await kafkaUse(settings);
    if (kafka === undefined) return NOTHING;
    const { inspectTopics } = await import('@kidjamo/connector-kafka');
    const differences = await inspectTopics(kafka.connection, await wantedTopics(settings));
    const topics: Check[] =
      differences.length === 0
        ? [{ name: 'topics', ok: true, detail: 'all as they have to be' }]
        : differences.map(({ topic, words }) => ({ name: `topic ${topic}`, ok: false, ...split(words) }));
    const readable = differences.every(({ kind }) => kind !== 'missing');
    return {
      checks: [{ name: 'kafka', ok: true, detail: `connected, mode ${kafka.mode}` }, ...topics],
      ends: readable ? () => readEnds(kafka.connection) : NOTHING.ends,
    };
  } catch (error) {
    if (!(error instanceof KidjamoError)) throw error;
    const remedy = 'see KAFKA_SERVERS, and whether the brokers run';
    return { ...NOTHING, checks: [{ name: 'kafka', ok: false, detail: error.message, remedy }] };
  }
}

async function readEnds(connection: KafkaConnection): Promise<Ends> {
  const topics = new TopicEnds(connection);
  try {
    return await topics.read();
  } finally {
    await topics.close();
  }
}

function split(words: string): { readonly detail: string; readonly remedy?: string } {
  const [detail = words, remedy] = words.split('. Remedy: ');
  return remedy === undefined ? { detail } : { detail, remedy };
}
