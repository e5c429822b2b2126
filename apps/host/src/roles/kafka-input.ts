/** The input topic as a log: sealed, and read whatever stands in it. */

import { KafkaLog } from '@kidjamo/connector-kafka';
import type { IncomingMessage, KafkaCodec } from '@kidjamo/connector-kafka';
import { hasCode, KidjamoError, systemClock } from '@kidjamo/stream';
import { InputCodec, TopicIdentities, TOPICS } from '@kidjamo/vitals';

import type { KafkaUse } from '../config/kafka.ts';
import { binaryKey } from './context.ts';
import type { RoleSettings } from './context.ts';
import type { RoleLogger } from './logger.ts';

/** Bytes of a message that cannot be read which its dead letter keeps. */
const KEPT = 64 << 10;

/** What a role makes of the log. */
export interface KafkaInputOptions {
  /** How long an append or a read may take, ms. */
  readonly timeout?: number;
  /** Told before every append; throws LOG_FULL to refuse it. */
  readonly admit?: () => void;
}

/** Opens the input topic. @throws KidjamoError LOG_UNAVAILABLE, CONFIG_INVALID. */
export function openKafkaInput(
  settings: RoleSettings & { readonly kafka: KafkaUse },
  options: KafkaInputOptions,
  logger: RoleLogger,
): Promise<KafkaLog> {
  const { connection, compression, onDataLoss } = settings.kafka;
  return KafkaLog.open({
    connection,
    topic: TOPICS.input,
    clock: systemClock,
    compression,
    onDataLoss,
    codec: inputCodec(settings),
    onLost: ({ partition, from, to }) => {
      logger.error({ partition, from, to }, 'Kafka had removed messages of the input before they were read; it goes on after them');
    },
    ...options,
  });
}

/** How records of the input are sealed, with the keys of these settings. */
export function inputSeal(settings: RoleSettings): InputCodec {
  const { topics, sealed } = settings.keys;
  return new InputCodec({ identities: new TopicIdentities(binaryKey(topics)), sealed: binaryKey(sealed) });
}

/**
 * Seals what is written. What is read and was not written by Kidjamo, or was changed since, becomes a record that the task does not know,
 * and so a dead letter: it holds nobody up, and is not lost. Only a message under another key stops the reader, since all of them would be.
 */
function inputCodec(settings: RoleSettings): KafkaCodec {
  const seal = inputSeal(settings);
  const ours = `"key_id":"${settings.keys.sealed.id}"`;
  return {
    encode: (record) => seal.encode(record),
    decode: (message) => {
      try {
        return seal.decode(message);
      } catch (error) {
        const changed = hasCode(error, 'KEY_FILE_INVALID') && message.value?.includes(ours) === true;
        if (changed || hasCode(error, 'INPUT_INVALID')) return unreadable(message);
        throw error;
      }
    },
  };
}

function unreadable({ value }: IncomingMessage): { key: string; value: string } {
  const message = value?.subarray(0, KEPT).toString('base64') ?? null;
  return { key: 'unreadable', value: JSON.stringify({ kind: 'unreadable', bytes: value?.length ?? 0, message }) };
}

/**
 * Opens something of Kafka as soon as it is there. A role has nothing else to do meanwhile.
 * @throws KidjamoError whatever a later try would not mend; LOG_UNAVAILABLE when `signal` aborts first.
 */
export async function untilThere<T>(open: () => Promise<T>, logger: RoleLogger, signal: AbortSignal): Promise<T> {
  for (;;) {
    try {
      return await open();
    } catch (error) {
      if (!(error instanceof KidjamoError) || !error.retryable || signal.aborted) throw error;
      logger.warn({ err: error }, 'Kafka is away, or its topics are not made yet; trying again');
      await systemClock.sleep(RETRY_EVERY, signal);
    }
  }
}

const RETRY_EVERY = 1000;
