/** What the reading routes answer, from what became of the items. */

import type { BatchAnswer, Fault, FlatAnswer, ItemResult, NestedAnswer } from '../contracts/formats/answers.ts';
import { refuse } from './door.ts';
import type { Answer, Visit } from './door.ts';
import type { Outcome } from './intake.ts';
import { problemOf } from './problem.ts';

/** Results of single items in the answer to a long NDJSON body. */
const MAX_RESULTS = 1000;

type Taken = Exclude<Outcome, { status: 'rejected' }>;

/** The answer of `POST /iot/measurements`. */
export function nestedAnswer(visit: Visit, outcome: Outcome, latency: number): Answer {
  const refused = refusedOne(visit, outcome);
  if (refused !== undefined || outcome.status === 'rejected') return refused ?? refuse('invalid', {});
  const body: NestedAnswer = {
    status: outcome.status === 'quarantined' ? 'quarantined' : 'success',
    message_id: outcome.id,
    timestamp: new Date(visit.received).toISOString(),
    critical_alerts: outcome.floors.length,
    quality_score: outcome.confidence ?? null,
    latency_s: latency,
    ...reasonOf(outcome),
  };
  return { status: 200, body };
}

/** The answer of `POST /ingest`. */
export function flatAnswer(visit: Visit, outcome: Outcome, latency: number): Answer {
  const refused = refusedOne(visit, outcome);
  if (refused !== undefined || outcome.status === 'rejected') return refused ?? refuse('invalid', {});
  const body: FlatAnswer = {
    status: outcome.status === 'quarantined' ? 'quarantined' : 'success',
    alerts_detected: outcome.floors.length,
    latency_s: latency,
    message_id: outcome.id,
    ...reasonOf(outcome),
  };
  return { status: 200, body };
}

/** The answer of the routes that take one reading or many, when it is not an array. */
export function singleAnswer(visit: Visit, outcome: Outcome, latency: number): Answer {
  const refused = refusedOne(visit, outcome);
  if (refused !== undefined || outcome.status === 'rejected') return refused ?? refuse('invalid', {});
  const tally = new BatchTally();
  tally.add([outcome]);
  return { status: 202, body: { ...tally.body(latency), message_id: outcome.id } };
}

/** Refuses a conflict or a rejection. */
function refusedOne({ correlation }: Visit, outcome: Outcome): Answer | undefined {
  if (outcome.status === 'conflict') {
    return refuse(outcome.reason === 'idempotency_conflict' ? 'idempotency-conflict' : 'conflict', {
      correlation,
      detail: 'the body that came now is kept in quarantine, and its floors are checked',
    });
  }
  if (outcome.status !== 'rejected') return undefined;
  const { reason, detail, faults } = outcome.refusal;
  return refuse(problemOf(reason), { correlation, detail, ...(faults === undefined ? {} : { errors: faults }) });
}

function reasonOf({ reason }: Taken): { reason?: string } {
  return reason === undefined ? {} : { reason };
}

/** Sums up what became of the items of a batch, with a bounded number of single results. */
export class BatchTally {
  readonly #counts = { accepted: 0, duplicate: 0, conflict: 0, quarantined: 0, rejected: 0 };
  #results: ItemResult[] = [];
  #size = 0;
  #complete = true;

  /** Items so far. */
  get size(): number {
    return this.#size;
  }

  add(outcomes: readonly Outcome[]): void {
    for (const outcome of outcomes) {
      this.#counts[outcome.status] += 1;
      const result = resultOf(this.#size, outcome);
      this.#size += 1;
      if (this.#size === MAX_RESULTS + 1) {
        // From here on only what was not accepted is told.
        this.#results = this.#results.filter(({ status }) => status !== 'accepted');
        this.#complete = false;
      }
      if (this.#results.length < MAX_RESULTS && (this.#complete || outcome.status !== 'accepted')) this.#results.push(result);
    }
  }

  body(latency: number): BatchAnswer {
    const { accepted, duplicate, conflict, quarantined, rejected } = this.#counts;
    const kept = quarantined + conflict;
    return {
      status: kept + rejected === 0 ? 'accepted' : quarantined === this.#size ? 'quarantined' : 'partial',
      accepted,
      duplicates: duplicate,
      quarantined: kept,
      rejected,
      results: this.#results,
      results_complete: this.#complete,
      latency_s: latency,
    };
  }

  /** The answer to the whole batch: 422 when nothing in it could be taken, 409 when its Idempotency-Key came with another body before. */
  answer({ correlation }: Visit, latency: number): Answer {
    const body = this.body(latency);
    const { rejected } = this.#counts;
    if (rejected === this.#size) {
      const refusal = refuse('invalid', {
        correlation,
        detail: this.#size === 0 ? 'there is no reading in the body' : 'none of the items could be taken',
        errors: this.#results.flatMap(({ errors }) => errors ?? []),
      });
      return { ...refusal, body: { ...body, ...refusal.body } };
    }
    if (this.#results.every(({ reason }) => reason === 'idempotency_conflict')) {
      const refusal = refuse('idempotency-conflict', { correlation });
      return { ...refusal, body: { ...body, ...refusal.body } };
    }
    return { status: 202, body };
  }
}

function resultOf(index: number, outcome: Outcome): ItemResult {
  if (outcome.status === 'rejected') {
    const { reason, detail, faults } = outcome.refusal;
    const errors = (faults ?? [{ pointer: '', detail }]).map((fault): Fault => ({ ...fault, pointer: `/${index}${fault.pointer}` }));
    return { index, status: 'rejected', reason, errors };
  }
  const { status, id, floors } = outcome;
  return { index, status, message_id: id, critical_alerts: floors.length, ...reasonOf(outcome) };
}
