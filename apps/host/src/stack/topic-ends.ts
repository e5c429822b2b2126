/** Where topics end: what lag is measured against, and how we know that Kafka answers. */

import type { KafkaConnection, KafkaLog } from '@kidjamo/connector-kafka';
import { systemClock } from '@kidjamo/stream';
import { TOPICS } from '@kidjamo/vitals';

/** The topics that groups of ours read. */
const READ = [TOPICS.input, TOPICS.measurements] as const;

/** How long a look may take, ms. */
const TIMEOUT = 3000;

/** Ends by topic and partition. */
export type Ends = ReadonlyMap<string, readonly number[]>;

/** No topics. */
export const NO_ENDS: Ends = new Map();

export class TopicEnds {
  readonly #connection: KafkaConnection;
  readonly #logs = new Map<string, KafkaLog>();

  constructor(connection: KafkaConnection) {
    this.#connection = connection;
  }

  /** The offset after the last message of each partition. @throws KidjamoError LOG_UNAVAILABLE, CONFIG_INVALID. */
  async read(): Promise<Ends> {
    const ends = await Promise.all(READ.map(async (topic) => [topic, await (await this.#log(topic)).ends()] as const));
    return new Map(ends);
  }

  async close(): Promise<void> {
    await Promise.all([...this.#logs.values()].map((log) => log.close()));
    this.#logs.clear();
  }

  async #log(topic: string): Promise<KafkaLog> {
    const known = this.#logs.get(topic);
    if (known !== undefined) return known;
    const connector = await import('@kidjamo/connector-kafka');
    const log = await connector.KafkaLog.open({
      connection: this.#connection,
      topic,
      clock: systemClock,
      timeout: TIMEOUT,
      // What stands in a message is not looked at.
      codec: { encode: (record) => record, decode: () => EMPTY },
    });
    this.#logs.set(topic, log);
    return log;
  }
}

const EMPTY = { key: '', value: '' } as const;
