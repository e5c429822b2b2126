/**
 * Takes readings in: validated, given identities, judged, kept. What becomes of each:
 *
 *   accepted     appended to the log
 *   duplicate    appended too, and counted by the task: the answer is that of the first time
 *   conflict     same device and event time, other body (appended: the task quarantines it and checks its floors), or an
 *                Idempotency-Key that came with another body before (held)
 *   quarantined  payload kept encrypted, reading appended as held so that its floors are still checked
 *   rejected     payload kept encrypted; there is no reading in it
 *
 * An outcome is told only when everything it says is durable.
 */

import { isRetryable } from '@kidjamo/stream';
import type { NewRecord } from '@kidjamo/stream';

import { breaches } from '../domain/floors.ts';
import type { FloorCode } from '../domain/floors.ts';
import type { AppendQueue } from './append-queue.ts';
import type { Draft } from './draft.ts';
import { isFaulty } from './draft.ts';
import { draftReading } from './formats.ts';
import type { ReadingFormat } from './formats.ts';
import type { IdempotencyKeys } from './idempotency.ts';
import type { Identities, Resolved } from './identities.ts';
import type { Item, Refusal } from './parse-body.ts';
import { refuseFaults } from './parse-body.ts';
import type { Quarantine, QuarantineReason } from './quarantine.ts';
import { digestOf, identify, readingRecord } from './reading-record.ts';
import type { Identified, Transport } from './reading-record.ts';
import type { SeenReadings } from './seen.ts';

/** How far an event time may lie after the receipt, ms. */
const MAX_FUTURE = 5 * 60_000;
/** How far it may lie before it, ms; imports are exempt. */
export const MAX_AGE = 30 * 86_400_000;

/** What became of an item. */
export type Outcome =
  | { readonly status: 'rejected'; readonly refusal: Refusal }
  | {
      readonly status: 'accepted' | 'duplicate' | 'conflict' | 'quarantined';
      /** Message id. */
      readonly id: string;
      readonly floors: readonly FloorCode[];
      /** 0-100, or undefined when the device gave none. */
      readonly confidence: number | undefined;
      /** 0-100, or undefined when the device gave none. */
      readonly contact: number | undefined;
      /** Why it waits. */
      readonly reason: QuarantineReason | undefined;
    };

/** Items that came together. */
export interface IntakeRequest {
  readonly format: ReadingFormat;
  readonly items: readonly Item[];
  readonly transport: Transport;
  /** Id of the Idempotency-Key that came with them. */
  readonly key?: string;
}

/** What the intake stands on. */
export interface IntakeParts {
  readonly identities: Identities;
  readonly seen: SeenReadings;
  readonly keys: IdempotencyKeys;
  readonly quarantine: Quarantine;
  readonly queue: AppendQueue;
  readonly partitions: number;
}

interface Taken {
  readonly item: Item;
  readonly draft: Draft;
  readonly reading: Identified;
  readonly resolved: Resolved;
  hold: QuarantineReason | undefined;
  status: 'accepted' | 'duplicate' | 'conflict' | 'quarantined';
}

export class Intake {
  readonly #parts: IntakeParts;

  constructor(parts: IntakeParts) {
    this.#parts = parts;
  }

  /**
   * Takes the items; one outcome for each, in order.
   * @throws KidjamoError OVERLOADED, LOG_UNAVAILABLE, LOG_FULL, STORE_UNAVAILABLE or DISK_FULL when they cannot be kept now. Some may have
   * been kept; sent again, those are duplicates.
   */
  async take(request: IntakeRequest): Promise<readonly Outcome[]> {
    const drafted = request.items.map((item) => ({ item, draft: draftItem(request.format, item) }));
    const drafts = drafted.filter((entry): entry is { item: Item; draft: Draft } => !('reason' in entry.draft));
    const taken = await this.#resolve(drafts, request.transport);
    if (request.key !== undefined && !(await this.#ownsKey(request.key, taken))) {
      for (const one of taken) {
        one.hold = 'idempotency_conflict';
        one.status = 'conflict';
      }
    }
    await this.#keep(request, taken, drafted);
    let next = 0;
    return drafted.map(({ draft }): Outcome => {
      if ('reason' in draft) return { status: 'rejected', refusal: draft };
      const one = taken[next++];
      return one === undefined ? { status: 'rejected', refusal: refuseFaults([]) } : outcomeOf(one);
    });
  }

  async #resolve(drafts: readonly { item: Item; draft: Draft }[], transport: Transport): Promise<Taken[]> {
    const { identities } = this.#parts;
    const cached = drafts.map(({ draft }) => identities.cached(draft));
    const resolved = cached.includes(undefined) ? await identities.resolve(drafts.map(({ draft }) => draft)) : (cached as Resolved[]);
    return drafts.flatMap(({ item, draft }, i): Taken[] => {
      const ids = resolved[i];
      if (ids === undefined) return [];
      const hold = untimely(draft.at, transport) ?? ids.waits;
      return [
        {
          item,
          draft,
          resolved: ids,
          reading: identify(draft, ids.patient, ids.device),
          hold,
          status: hold === undefined ? 'accepted' : 'quarantined',
        },
      ];
    });
  }

  #ownsKey(id: string, taken: readonly Taken[]): Promise<boolean> {
    return this.#parts.keys.claim({ id, digest: digestOf(taken.map(({ reading }) => reading.id + reading.digest).join()) });
  }

  async #keep(request: IntakeRequest, taken: readonly Taken[], drafted: readonly { item: Item; draft: Draft | Refusal }[]): Promise<void> {
    const { seen, queue } = this.#parts;
    const free = taken.filter(({ hold }) => hold === undefined);
    const readings = free.map(({ reading }) => reading);
    // Where the store is away and the log is not, the task alone judges.
    const stored = await seen.lookUp(readings)?.catch((error: unknown) => {
      if (!isRetryable(error)) throw error;
      return undefined;
    });
    const remembered: Identified[] = [];
    for (const one of free) {
      const verdict = seen.judge(one.reading, stored);
      if (verdict === 'new') remembered.push(one.reading);
      else one.status = verdict;
    }
    try {
      const waiting = this.#quarantine(request, taken, drafted);
      const ids = waiting.length === 0 ? new Map<Taken, string>() : await collect(waiting);
      await queue.append(taken.map((one) => this.#record(one, request.transport, ids.get(one))));
    } catch (error) {
      for (const reading of remembered) seen.forget(reading);
      throw error;
    }
  }

  #quarantine(
    { format, transport }: IntakeRequest,
    taken: readonly Taken[],
    drafted: readonly { item: Item; draft: Draft | Refusal }[],
  ): Promise<readonly [Taken | undefined, string]>[] {
    const { quarantine } = this.#parts;
    const common = { source: sourceText(format, transport.imported), received: transport.received, correlation: transport.correlation };
    const waiting: Promise<readonly [Taken | undefined, string]>[] = [];
    for (const { item, draft } of drafted) {
      if (!('reason' in draft)) continue;
      const field = draft.faults?.[0]?.pointer;
      const entry = {
        ...common,
        reason: draft.reason,
        detail: draft.detail,
        payload: item.bytes(),
        ...(field === undefined ? {} : { field }),
      };
      waiting.push(quarantine.keep(entry).then((id) => [undefined, id] as const));
    }
    for (const one of taken) {
      if (one.hold === undefined) continue;
      const patient = one.resolved.waits === 'unknown_patient' ? {} : { patient: one.resolved.patient };
      const entry = { ...common, ...HOLDS[one.hold], reason: one.hold, device: one.resolved.device, ...patient, payload: one.item.bytes() };
      waiting.push(quarantine.keep(entry).then((id) => [one, id] as const));
    }
    return waiting;
  }

  #record(one: Taken, transport: Transport, quarantine: string | undefined): NewRecord {
    const { partitions } = this.#parts;
    if (one.hold === undefined || quarantine === undefined) return readingRecord(one.reading, transport, { partitions });
    const patientKnown = one.resolved.waits !== 'unknown_patient';
    return readingRecord(one.reading, transport, { partitions, hold: { quarantine, reason: one.hold, patientKnown } });
  }
}

/** What the quarantine says of a reading that waits. */
export const HOLDS: Readonly<Record<QuarantineReason, { readonly detail: string; readonly field?: string }>> = {
  timestamp_future: { field: '/timestamp', detail: 'the timestamp lies more than 5 minutes after the receipt' },
  timestamp_old: { field: '/timestamp', detail: 'the timestamp lies more than 30 days before the receipt' },
  unknown_patient: { field: '/patient_id', detail: 'the patient is not known' },
  unassigned_device: { field: '/device_id', detail: 'the device is not assigned to the patient' },
  idempotency_conflict: { detail: 'the Idempotency-Key came with another body before' },
  unparseable: { detail: 'the body cannot be parsed' },
  too_large: { detail: 'the body is too large' },
  unsupported_media_type: { detail: 'the content type is not one that is read here' },
  invalid: { detail: 'a member is missing or of the wrong type' },
};

/** How the quarantine names where a payload came from. */
export function sourceText(format: string, imported: boolean): string {
  return imported ? `${format}:import` : format;
}

function draftItem(format: ReadingFormat, item: Item): Draft | Refusal {
  if (item.refusal !== undefined) return item.refusal;
  const drafted = draftReading(format, item.value);
  return isFaulty(drafted) ? refuseFaults(drafted) : drafted;
}

/** Why an event time makes a reading wait, or undefined. */
export function untimely(
  at: number,
  { received, imported }: Pick<Transport, 'received' | 'imported'>,
): 'timestamp_future' | 'timestamp_old' | undefined {
  if (at > received + MAX_FUTURE) return 'timestamp_future';
  return at < received - MAX_AGE && !imported ? 'timestamp_old' : undefined;
}

function outcomeOf({ reading, draft, hold, status }: Taken): Outcome {
  const { vitals, confidence, contact } = draft.content;
  return { status, id: reading.id, floors: breaches(vitals), confidence, contact, reason: hold };
}

async function collect(waiting: readonly Promise<readonly [Taken | undefined, string]>[]): Promise<Map<Taken, string>> {
  const ids = new Map<Taken, string>();
  for (const [one, id] of await Promise.all(waiting)) if (one !== undefined) ids.set(one, id);
  return ids;
}
