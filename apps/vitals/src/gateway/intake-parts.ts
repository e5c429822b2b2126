/** What every way in stands on, whether bodies come over HTTP or otherwise. */

import type { Clock, Log } from '@kidjamo/stream';
import type { Pool } from 'pg';

import type { SecretKey } from '../contracts/cipher.ts';
import { AppendQueue } from './append-queue.ts';
import type { AppendLimits } from './append-queue.ts';
import { IdempotencyKeys } from './idempotency.ts';
import { Identities } from './identities.ts';
import type { IntakeParts } from './intake.ts';
import { Quarantine } from './quarantine.ts';
import { SeenReadings } from './seen.ts';

/** What a way in needs. */
export interface IntakeOptions {
  /** The input log. */
  readonly log: Log;
  /** The store. Statements should have a timeout of a few seconds. */
  readonly pool: Pool;
  readonly clock: Clock;
  readonly keys: { readonly quarantine: SecretKey };
  /** Whether unknown patients are enrolled provisionally. */
  readonly autoEnroll: boolean;
  readonly limits?: AppendLimits;
}

/** The parts, and a promise of rest: `idle` resolves when nothing is queued or under way. */
export function intakeParts(options: IntakeOptions): { readonly parts: IntakeParts; readonly idle: () => Promise<void> } {
  const { log, pool, clock, autoEnroll, keys } = options;
  const queue = new AppendQueue(log, clock, options.limits);
  const seen = new SeenReadings(pool, clock);
  const identities = new Identities({
    pool,
    clock,
    autoEnroll,
    secret: keys.quarantine.key,
    onNewDevice: (device) => seen.noteNewDevice(device),
  });
  const quarantine = new Quarantine(pool, clock, keys.quarantine);
  return {
    parts: { identities, seen, keys: new IdempotencyKeys(pool, clock), quarantine, queue, partitions: log.partitions },
    idle: async () => {
      await Promise.all([queue.idle(), quarantine.idle()]);
    },
  };
}
