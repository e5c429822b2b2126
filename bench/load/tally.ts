/** The sender's own count of what became of its readings. */

import type { LoadResult } from './job.ts';

/** Where a batch answer tells its counts: at its start, before the results of the items. */
const COUNTS_WITHIN = 256;
const COUNTS = /"accepted":(\d+),"duplicates":(\d+),"quarantined":(\d+),"rejected":(\d+)/;
/** In `{"status":"quarantined"`, the letter that tells it from `success`. */
const WORD_AT = '{"status":"'.length;
const Q = 'q'.charCodeAt(0);

type Counts = Pick<LoadResult, 'acknowledged' | 'accepted' | 'duplicates' | 'quarantined' | 'rejected' | 'requests' | 'pushedBack'>;

export class Tally {
  readonly counts: { -readonly [K in keyof Counts]: number } = {
    requests: 0,
    acknowledged: 0,
    accepted: 0,
    duplicates: 0,
    quarantined: 0,
    rejected: 0,
    pushedBack: 0,
  };
  readonly #readingsPerRequest: number;

  constructor(readingsPerRequest: number) {
    this.#readingsPerRequest = readingsPerRequest;
  }

  /** Counts an answer. Gives how many readings it acknowledged, or `again` when the request is to be sent again. */
  answer(status: number, body: Buffer): number | 'again' {
    const { counts } = this;
    if (status === 429 || status === 503) {
      counts.pushedBack += 1;
      return 'again';
    }
    counts.requests += 1;
    if (status !== 200 && status !== 202) {
      counts.rejected += this.#readingsPerRequest;
      return 0;
    }
    return this.#readingsPerRequest === 1 ? this.#single(body) : this.#batch(body);
  }

  #single(body: Buffer): number {
    if (body[WORD_AT] === Q) this.counts.quarantined += 1;
    else this.counts.accepted += 1;
    this.counts.acknowledged += 1;
    return 1;
  }

  #batch(body: Buffer): number {
    const found = COUNTS.exec(body.toString('latin1', 0, COUNTS_WITHIN));
    if (found === null) throw new Error('the answer to a batch does not tell its counts');
    const [accepted = 0, duplicates = 0, quarantined = 0, rejected = 0] = found.slice(1).map(Number);
    if (accepted + duplicates + quarantined + rejected !== this.#readingsPerRequest) {
      throw new Error('the counts of an answer do not add up to the readings sent');
    }
    const { counts } = this;
    counts.accepted += accepted;
    counts.duplicates += duplicates;
    counts.quarantined += quarantined;
    counts.rejected += rejected;
    counts.acknowledged += accepted + duplicates + quarantined;
    return accepted + duplicates + quarantined;
  }
}
