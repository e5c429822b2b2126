/** Who reads which partition of a topic: as Kafka says. */

import { randomUUID } from 'node:crypto';

import { KafkaMembership } from '@kidjamo/connector-kafka';
import { systemClock } from '@kidjamo/stream';
import type { Pool } from 'pg';

import type { KafkaUse } from '../config/kafka.ts';
import type { RoleSettings } from './context.ts';

/** Membership of a group that reads a topic. */
export function kafkaMembership(
  settings: RoleSettings & { readonly kafka: KafkaUse },
  pool: Pool,
  what: { readonly topic: string; readonly group: string; readonly startingOffsets: 'earliest' | 'latest' },
): KafkaMembership {
  return new KafkaMembership({
    ...what,
    connection: settings.kafka.connection,
    member: randomUUID(),
    pool,
    clock: systemClock,
    patience: settings.leaseMs / 4,
  });
}
