/**
 * A clinician's change of the rules for one patient, applied by the task. It only keeps what was set: which overrides are in force follows
 * from their times and the event time of a reading, so that one begins and expires without a further input.
 */

import type { TaskContext } from '@kidjamo/stream';

import type { OverrideChange, OverrideRevoke, OverrideSet } from '../contracts/reading.ts';
import type { OverrideLogRow, OverrideRefusal, OverrideRow } from '../contracts/rows.ts';
import { TABLES } from '../contracts/rows.ts';
import { PAGES_WITHIN } from '../domain/lateness.ts';
import type { KeptOverride, PatientState } from './state.ts';

/** How many overrides of a patient may be in force or to come*. They are a part of the state, which is read and written with readings. */
export const MAX_OVERRIDES = 20;

/**
 * Applies the change: the override's row, one row of the log of changes, and the state. Changes `patient` in place, and answers whether
 * it did. A refused change changes nothing, and is written down too.
 */
export function processOverride(input: OverrideChange, patient: PatientState, context: TaskContext): boolean {
  const refused = input.op === 'set' ? set(input, patient, context) : revoke(input, patient, context);
  context.row(TABLES.overrideLogs, logRow(input, refused ?? null, context.logTime));
  context.count(refused === undefined ? 'override_applied' : 'override_refused');
  return refused === undefined;
}

function set({ id, patient: of, override }: OverrideSet, patient: PatientState, context: TaskContext): OverrideRefusal | undefined {
  const { logTime } = context;
  if (override.expires <= logTime) return 'expired';
  const known = patient.v ?? [];
  if (known.filter(({ expires }) => expires > logTime).length >= MAX_OVERRIDES) return 'too_many';
  const kept: KeptOverride = { ...override, id, at: logTime };
  context.row(TABLES.overrides, overrideRow(of, kept));
  remember(patient, [...known, kept], logTime);
  return undefined;
}

function revoke(input: OverrideRevoke, patient: PatientState, context: TaskContext): OverrideRefusal | undefined {
  const { logTime } = context;
  const known = patient.v ?? [];
  const ended = known.find(({ id, expires }) => id === input.override && expires > logTime);
  if (ended === undefined) return 'over';
  const row: OverrideRow = {
    ...overrideRow(input.patient, ended),
    revoked_at: logTime,
    revoked_by: input.by,
    revoke_reason: input.reason,
  };
  context.row(TABLES.overrides, row);
  // Late readings are judged without it, too: whoever ends it takes it back, and an alarm that it held down is not to be missed.
  const others = known.filter((each) => each !== ended);
  remember(patient, others, logTime);
  return undefined;
}

/** Keeps those that are not over, and beside them, as far as there is room, those by which late readings may still be judged. */
function remember(patient: PatientState, all: readonly KeptOverride[], logTime: number): void {
  const open = all.filter(({ expires }) => expires > logTime);
  const over = all.filter(({ expires }) => expires <= logTime && expires > logTime - PAGES_WITHIN).sort((a, b) => b.expires - a.expires);
  const kept = new Set([...open, ...over.slice(0, MAX_OVERRIDES - open.length)]);
  if (kept.size === 0) delete patient.v;
  else patient.v = all.filter((each) => kept.has(each));
}

function overrideRow(patient: string, kept: KeptOverride): OverrideRow {
  const limit = kept.kind === 'limit' ? kept : undefined;
  return {
    override_id: kept.id,
    patient_id: patient,
    kind: kept.kind,
    rule: 'rule' in kept ? kept.rule : null,
    severity: limit?.severity ?? null,
    limit_name: limit?.limit ?? null,
    value: 'value' in kept ? kept.value : null,
    set_by: kept.by,
    reason: kept.reason,
    starts_at: kept.from,
    expires_at: kept.expires,
    created_at: kept.at,
    revoked_at: null,
    revoked_by: null,
    revoke_reason: null,
  };
}

function logRow(input: OverrideChange, refused: OverrideRefusal | null, logTime: number): OverrideLogRow {
  const { by, reason } = input.op === 'set' ? input.override : input;
  return {
    change_id: input.id,
    override_id: input.op === 'set' ? input.id : input.override,
    patient_id: input.patient,
    op: input.op,
    outcome: refused === null ? 'applied' : 'refused',
    refused,
    changed_at: logTime,
    changed_by: by,
    reason,
    asked: input.op === 'set' ? input.override : null,
    digest: input.digest,
  };
}
