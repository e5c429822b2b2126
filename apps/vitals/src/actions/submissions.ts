/**
 * The way to the task of what a person asks for: into the input log, on the partition of the patient, under an id by which it is applied
 * once, and then a short wait for what came of it. Whether a person may ask was decided before; whether it can be done, the task decides.
 */

import type { IncomingHttpHeaders } from 'node:http';

import type { Clock, Log } from '@kidjamo/stream';
import type { Pool } from 'pg';

import { partitionOf } from '../contracts/partition.ts';
import type { AlertAction, OverrideChange } from '../contracts/reading.ts';
import { deterministicId } from '../domain/ids.ts';
import { AppendQueue } from '../gateway/append-queue.ts';
import { MAX_KEY } from '../gateway/door.ts';
import { IdempotencyKeys, keyId } from '../gateway/idempotency.ts';
import { ParameterError } from '../read/problem.ts';
import { KeyConflict } from './problem.ts';

/** Bounds in front of the log: people are few. */
const LIMITS = { maxAppend: 1 << 20, maxPending: 4 << 20, deadline: 4000 };
/** How often the outcome is looked for, ms. */
const LOOK_EVERY = 40;

/** What submissions stand on. */
export interface SubmissionOptions {
  readonly pool: Pool;
  readonly clock: Clock;
  /** The input log. */
  readonly log: Log;
  /** How long an answer waits for the outcome, ms. */
  readonly patience: number;
}

/** What came with an Idempotency-Key. */
export interface Keyed {
  readonly key: string;
  /** Digest of what is asked. */
  readonly digest: string;
  /** Who asks. */
  readonly user: string;
}

/** What people ask for, on its way. One for all routes, since they share the bound in front of the log. */
export class Submissions {
  readonly #options: SubmissionOptions;
  readonly #keys: IdempotencyKeys;
  readonly #queue: AppendQueue;

  constructor(options: SubmissionOptions) {
    const { pool, clock, log } = options;
    this.#options = options;
    this.#keys = new IdempotencyKeys(pool, clock);
    this.#queue = new AppendQueue(log, clock, LIMITS);
  }

  /**
   * The id of what came with a key: the same for the same person and key.
   * @throws KeyConflict when the key stands for something else; KidjamoError STORE_UNAVAILABLE or OVERLOADED.
   */
  async idOf(kind: 'action' | 'override', { key, digest, user }: Keyed): Promise<string> {
    const bound = keyId(`${kind}\u001f${user}`, key);
    if (!(await this.#keys.claim({ id: bound, digest }))) throw new KeyConflict();
    return deterministicId(kind, bound, digest);
  }

  /**
   * Appends the record unless `look` finds what came of it already, and looks until the patience is over. Undefined when nothing had come of
   * it by then: it is durable, and will be judged.
   * @throws KidjamoError OVERLOADED, LOG_UNAVAILABLE or LOG_FULL when it cannot be kept now; and what `look` throws.
   */
  async submit<O extends object>(record: AlertAction | OverrideChange, look: () => Promise<O | undefined>): Promise<O | undefined> {
    const known = await look();
    if (known !== undefined) return known;
    const { log, clock, patience } = this.#options;
    const { patient } = record;
    await this.#queue.append([{ partition: partitionOf(patient, log.partitions), key: patient, value: JSON.stringify(record) }]);
    for (const until = clock.now() + patience; clock.now() < until;) {
      const outcome = await look();
      if (outcome !== undefined) return outcome;
      await clock.sleep(LOOK_EVERY);
    }
    return undefined;
  }
}

/** The Idempotency-Key of a request. @throws ParameterError when it is empty or too long. */
export function idempotencyKeyOf(headers: IncomingHttpHeaders): string | undefined {
  const key = headers['idempotency-key'];
  if (key === undefined) return undefined;
  if (typeof key !== 'string' || key.length === 0 || key.length > MAX_KEY) {
    throw new ParameterError('Idempotency-Key', `Idempotency-Key must have 1 to ${MAX_KEY} characters`);
  }
  return key;
}
