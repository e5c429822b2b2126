/** Whether Kafka answers, and where its topics end: looked at every two seconds, so that asking costs nothing. */

import { systemClock } from '@kidjamo/stream';
import type { DependencyState } from '@kidjamo/vitals';

import type { KafkaUse } from '../config/kafka.ts';
import { NO_ENDS, TopicEnds } from '../stack/topic-ends.ts';
import type { Ends } from '../stack/topic-ends.ts';
import type { RoleLogger } from './logger.ts';
import { relayedTopics } from './relayed-topics.ts';

const LOOK_EVERY = 2000;

export class KafkaStatus {
  readonly #use: KafkaUse;
  readonly #logger: RoleLogger;
  #ends: Ends = NO_ENDS;
  #connected = false;

  constructor(use: KafkaUse, logger: RoleLogger) {
    this.#use = use;
    this.#logger = logger;
  }

  /** Whether the brokers answered when last asked. */
  get connected(): boolean {
    return this.#connected;
  }

  /** Where the topics ended when the brokers last answered. */
  get ends(): Ends {
    return this.#ends;
  }

  /** Topics that records are relayed to. */
  get topics(): readonly string[] {
    return relayedTopics(this.#use.mode).map(({ topic }) => topic);
  }

  /** With an outbox readings are taken while Kafka is away; without, they are not. */
  get dependency(): DependencyState {
    if (this.#connected) return { ready: true, detail: 'connected' };
    return this.#use.mode === 'outbox'
      ? { ready: true, detail: 'away, or its topics are not made: readings are taken, kept in PostgreSQL, and processed when it is back' }
      : { ready: false, detail: 'away, or its topics are not made: readings are refused until it is back' };
  }

  /** Looks until `signal` aborts. */
  async watch(signal: AbortSignal): Promise<void> {
    const ends = new TopicEnds(this.#use.connection);
    while (!signal.aborted) {
      try {
        this.#ends = await ends.read();
        this.#connected = true;
      } catch (error) {
        if (this.#connected) this.#logger.warn({ err: error }, 'Kafka does not answer');
        this.#connected = false;
      }
      await systemClock.sleep(LOOK_EVERY, signal);
    }
    await ends.close();
  }
}
