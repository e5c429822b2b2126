/** The invariant that every run has to show: what was acknowledged is stored, was there already, or is in quarantine. */

import type { Outcomes } from './ledger.ts';

/** One side counted by the sender, the other by the system. */
export interface Reconciliation {
  readonly phase: string;
  /** The sender's own count. */
  readonly acknowledged: number;
  readonly stored: number;
  readonly duplicate: number;
  readonly quarantined: number;
  /** New rows of the quarantine table: as many as quarantined. */
  readonly quarantineRows: number;
  readonly balanced: boolean;
}

export function reconcile(phase: string, acknowledged: number, between: { before: Outcomes; after: Outcomes }): Reconciliation {
  const { before, after } = between;
  const stored = after.stored - before.stored;
  const duplicate = after.duplicate - before.duplicate;
  const quarantined = after.quarantined - before.quarantined;
  const quarantineRows = after.quarantineRows - before.quarantineRows;
  const balanced = acknowledged === stored + duplicate + quarantined && quarantineRows === quarantined;
  return { phase, acknowledged, stored, duplicate, quarantined, quarantineRows, balanced };
}
