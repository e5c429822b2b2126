/** Makes the topics when everything is started in one process. */

import { KidjamoError, systemClock } from '@kidjamo/stream';

import type { KafkaUse } from '../config/kafka.ts';
import { wantedTopics } from '../config/kafka.ts';
import type { Settings } from '../config/settings.ts';
import type { RoleLogger } from '../roles/logger.ts';

const RETRY_EVERY = 2000;

/**
 * Makes what is missing. With an outbox, Kafka may be away: then it is tried again until `signal` aborts, while readings are taken already.
 * @throws KidjamoError LOG_UNAVAILABLE in mode `direct`; CONFIG_INVALID when the brokers refuse us.
 */
export async function makeTopics(
  what: { readonly settings: Settings; readonly kafka: KafkaUse; readonly logger: RoleLogger },
  signal: AbortSignal,
): Promise<void> {
  try {
    await once(what);
  } catch (error) {
    if (!mayComeBack(error) || what.kafka.mode === 'direct') throw error;
    what.logger.warn({ err: error }, 'Kafka is away: readings are kept in PostgreSQL until it is there');
    void keepTrying(what, signal);
  }
}

async function once({ settings, kafka, logger }: { settings: Settings; kafka: KafkaUse; logger: RoleLogger }): Promise<void> {
  const { applyTopics } = await import('@kidjamo/connector-kafka');
  const { created, configured, differences } = await applyTopics(kafka.connection, await wantedTopics(settings));
  if (created.length + configured.length > 0) logger.info({ created, configured }, 'topics were made or set');
  for (const { words } of differences) logger.warn({ difference: words }, 'a topic is not as it has to be');
}

async function keepTrying(what: Parameters<typeof once>[0], signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    await systemClock.sleep(RETRY_EVERY, signal);
    if (signal.aborted) return;
    try {
      await once(what);
      return;
    } catch (error) {
      if (mayComeBack(error)) continue;
      what.logger.error({ err: error }, 'the topics could not be made: see `kidjamo topics check`');
      return;
    }
  }
}

function mayComeBack(error: unknown): boolean {
  return error instanceof KidjamoError && error.retryable;
}
