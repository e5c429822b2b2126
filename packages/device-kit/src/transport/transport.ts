/** How a batch reaches the server. */

/** A batch as it is sent: at every try the same key and the same bytes. */
export interface OutgoingBatch {
  readonly key: string;
  /** A JSON array of readings. */
  readonly body: Buffer;
  /** Readings in it. */
  readonly items: number;
}

/** What became of one reading. `rejected` can never be taken; `conflict` and `quarantined` are kept by the server, and wait there. */
export interface ItemResult {
  readonly status: 'accepted' | 'duplicate' | 'conflict' | 'quarantined' | 'rejected';
  readonly reason?: string;
  readonly errors?: unknown;
}

/**
 * What became of a batch:
 *
 * - `settled`: the server has it. `results` one by one, or absent where the transport does not tell.
 * - `refused`: the server will never take this body, and does not say which reading is why.
 * - `retry`: not known, or not now.
 */
export type Delivery =
  | { readonly kind: 'settled'; readonly results?: readonly ItemResult[] }
  | { readonly kind: 'refused'; readonly reason: string }
  | { readonly kind: 'retry'; readonly reason: string; readonly retryAfterMs?: number };

/** Carries batches, one at a time. */
export interface Transport {
  /** Tries once. A rejection counts as `retry`. Ends soon when the signal aborts. */
  send(batch: OutgoingBatch, signal: AbortSignal): Promise<Delivery>;
  close(): Promise<void>;
}
