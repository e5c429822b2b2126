/**
 * Which readings were taken before. The door only gives early answers; the task, which sees every record, has the last word.
 *
 * A reading younger than all that this process has seen of its device needs no look at the store, so a steady stream costs none. The
 * readings taken last are remembered, since they may not be stored yet. Another gateway's are found once they are stored.
 */

import { storeError } from '@kidjamo/connector-postgres';
import type { Clock } from '@kidjamo/stream';
import type { Pool } from 'pg';

import { GroupCommit } from './group-commit.ts';
import type { Identified } from './reading-record.ts';
import { RecentMap } from './recent.ts';
import { microseconds } from './timestamp.ts';

/** What is known of a reading's id: nothing, the same body, or another one. */
export type Verdict = 'new' | 'duplicate' | 'conflict';

/** At least so many readings are remembered. */
const REMEMBERED = 10_000;
/** At least so many devices are remembered. */
const DEVICES = 100_000;
/** ms: the store must answer within it. */
const DEADLINE = 2000;

type Digests = ReadonlyMap<string, string>;
const NONE: Digests = new Map();

export class SeenReadings {
  readonly #recent = new RecentMap<string>(REMEMBERED);
  /** Newest event time seen of each device, ms. Changed in place: one look-up for a reading rather than two. */
  readonly #newest = new RecentMap<{ at: number }>(DEVICES);
  readonly #loader: GroupCommit<readonly Identified[], Digests>;

  constructor(pool: Pool, clock: Clock) {
    this.#loader = new GroupCommit({
      clock,
      run: async (groups: readonly (readonly Identified[])[]) => {
        const found = await lookUp(pool, groups.flat());
        return groups.map(() => found);
      },
      weigh: (readings) => readings.length,
      maxRun: 5000,
      maxPending: 100_000,
      deadline: DEADLINE,
      late: 'STORE_UNAVAILABLE',
    });
  }

  /** Nothing of this device can have been stored yet. */
  noteNewDevice(device: string): void {
    this.#newest.set(device, { at: Number.NEGATIVE_INFINITY });
  }

  /**
   * Looks those readings up that the memory of this process cannot tell; undefined when there are none. The result is for {@link judge}.
   * @throws KidjamoError STORE_UNAVAILABLE or OVERLOADED.
   */
  lookUp(readings: readonly Identified[]): Promise<Digests> | undefined {
    const unsure = readings.filter((reading) => !this.#isYoungest(reading) && this.#recent.get(reading.id) === undefined);
    return unsure.length === 0 ? undefined : this.#loader.call(unsure);
  }

  /** Judges a reading, and remembers it if it is new. */
  judge(reading: Identified, stored: Digests = NONE): Verdict {
    const newest = this.#newest.get(reading.device);
    const youngest = newest !== undefined && reading.at > newest.at;
    const before = youngest ? undefined : (this.#recent.get(reading.id) ?? stored.get(reading.id));
    if (before !== undefined) return before === reading.digest ? 'duplicate' : 'conflict';
    this.#recent.set(reading.id, reading.digest);
    if (youngest) newest.at = reading.at;
    else if (newest === undefined) this.#newest.set(reading.device, { at: reading.at });
    return 'new';
  }

  /** Takes back what {@link judge} remembered of a reading that could not be appended. */
  forget(reading: Identified): void {
    if (this.#recent.get(reading.id) === reading.digest) this.#recent.delete(reading.id);
    // Whether it was appended is not known, so this device is looked up again.
    this.#newest.delete(reading.device);
  }

  /** Whether it is younger than all that was seen of its device. False when nothing is known of the device. */
  #isYoungest({ device, at }: Identified): boolean {
    const newest = this.#newest.get(device);
    return newest !== undefined && at > newest.at;
  }
}

async function lookUp(pool: Pool, readings: readonly Identified[]): Promise<Digests> {
  try {
    const { rows } = await pool.query<{ id: string; digest: string }>({
      name: 'gateway-seen',
      text: `SELECT m.message_id AS id, m.digest
               FROM unnest($1::uuid[], $2::timestamptz[]) AS given (id, at)
               JOIN measurements m ON m.message_id = given.id AND m.recorded_at = given.at`,
      values: [readings.map(({ id }) => id), readings.map(({ at }) => microseconds(at))],
    });
    return new Map(rows.map(({ id, digest }) => [id, digest]));
  } catch (error) {
    throw storeError(error);
  }
}
