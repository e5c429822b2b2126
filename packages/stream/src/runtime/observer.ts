/** What a runtime tells of its work, for metrics and logs. Every method returns at once. */

import type { Lease, Position } from '../contracts/commit.ts';

export interface RuntimeObserver {
  /** A batch is durable. */
  committed(lease: Lease, batch: { readonly records: number; readonly ms: number; readonly position: Position }): void;
  /** An attempt failed; the runtime goes on by itself. FENCED: with other partitions, since a younger owner has this one. */
  failed(lease: Lease, error: unknown): void;
  /** The partitions this process works on have changed. */
  assigned(group: string, partitions: readonly number[]): void;
}
