/** Imports without the gateway: the same normalisation and identities, appended straight to the log. */

import { randomUUID } from 'node:crypto';

import type { Clock, Log, NewRecord } from '@kidjamo/stream';
import type { Pool } from 'pg';

import type { Draft } from './draft.ts';
import { isFaulty } from './draft.ts';
import { draftReading } from './formats.ts';
import { Identities } from './identities.ts';
import { identify, readingRecord } from './reading-record.ts';

/** What a direct import stands on. */
export interface DirectImportOptions {
  readonly pool: Pool;
  /** The input log. */
  readonly log: Log;
  readonly clock: Clock;
}

/** Appends readings in the format of `/api/v1/measurements`. */
export class DirectImport {
  readonly #options: DirectImportOptions;
  readonly #identities: Identities;
  readonly #correlation = randomUUID();

  constructor(options: DirectImportOptions) {
    this.#options = options;
    // Every patient is enrolled, so no stand-in is ever made and the secret behind them is not needed.
    this.#identities = new Identities({ ...options, autoEnroll: true, secret: Buffer.alloc(0), onNewDevice: () => undefined });
  }

  /**
   * Resolves when the readings are durable; gives the number that hold no reading.
   * @throws KidjamoError LOG_UNAVAILABLE or STORE_UNAVAILABLE; sent again, what was kept is a duplicate.
   */
  async append(values: readonly unknown[]): Promise<number> {
    const { log, clock } = this.#options;
    const drafts = values.map((value) => draftReading('api', value)).filter((draft): draft is Draft => !isFaulty(draft));
    const resolved = await this.#identities.resolve(drafts);
    const transport = { source: 'api', received: clock.now(), correlation: this.#correlation, imported: true } as const;
    const records = drafts.flatMap((draft, index): NewRecord[] => {
      const ids = resolved[index];
      return ids === undefined ? [] : [readingRecord(identify(draft, ids.patient, ids.device), transport, { partitions: log.partitions })];
    });
    await log.append(records);
    return values.length - drafts.length;
  }
}
