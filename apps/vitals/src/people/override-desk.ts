/**
 * Takes clinicians' changes of the rules in: checks who they are and what they may, checks the override against the catalogue, and submits
 * it to the task, which alone knows what the patient has and writes it.
 */

import type { Clock } from '@kidjamo/stream';
import { KidjamoError } from '@kidjamo/stream';
import type { Pool } from 'pg';

import { ChangeRefused } from '../actions/problem.ts';
import type { Submissions } from '../actions/submissions.ts';
import { CATALOGUE } from '../alarms/catalogue/catalogue.ts';
import { parseOverride } from '../alarms/override.ts';
import type { OverrideChange, OverrideRevoke, OverrideSet } from '../contracts/reading.ts';
import type { OverrideRefusal } from '../contracts/rows.ts';
import { deterministicId } from '../domain/ids.ts';
import { canonicalExtra } from '../gateway/extra.ts';
import { digestOf } from '../gateway/reading-record.ts';
import { MAX_OVERRIDES } from '../pipeline/overrides.ts';
import type { Acting } from '../read/actor.ts';
import type { Database } from '../read/repository/database.ts';
import { findOverride, newestOf, outcomeOf } from './overrides.ts';
import type { People } from './people.ts';
import type { OverrideAnswer } from './schemas.ts';

/** What the desk stands on. */
export interface OverrideDeskOptions {
  readonly pool: Pool;
  readonly clock: Clock;
  readonly people: People;
  readonly submissions: Submissions;
}

/** What every change comes with. */
export interface AskedChange {
  /** Internal UUID. */
  readonly patient: string;
  /** The Idempotency-Key, as given. */
  readonly key: string | undefined;
  readonly correlation: string;
}

/** What is to be done, without what makes it a record. */
type Change = Pick<OverrideSet, 'op' | 'override'> | Pick<OverrideRevoke, 'op' | 'override' | 'by' | 'reason'>;

const REFUSALS: Readonly<Record<OverrideRefusal, string>> = {
  expired: 'the override had expired before it was applied; set it anew with a later end',
  too_many: `the patient has ${MAX_OVERRIDES} overrides in force or to come, which is the most; end one of them first`,
  over: 'the override is over already',
};

/** Every call rejects with STORE_UNAVAILABLE, OVERLOADED, LOG_UNAVAILABLE or LOG_FULL when nothing can be kept now. */
export class OverrideDesk {
  readonly #people: People;
  readonly #submissions: Submissions;
  readonly #database: Database;

  constructor({ pool, clock, people, submissions }: OverrideDeskOptions) {
    this.#people = people;
    this.#submissions = submissions;
    this.#database = { pool, now: () => clock.now() };
  }

  /**
   * Sets an override in the name of the clinician who acts.
   * @throws KidjamoError NOT_FOUND, FORBIDDEN, INPUT_INVALID; ChangeRefused, KeyConflict.
   */
  async set(acting: Acting, asked: AskedChange & { readonly body: Readonly<Record<string, unknown>> }): Promise<OverrideAnswer> {
    const user = await this.#people.clinicianOf(acting, asked.patient);
    const override = parseOverride({ ...asked.body, by: user }, CATALOGUE, this.#database.now());
    return this.#submit(acting, asked, { by: user, change: { op: 'set', override } });
  }

  /** Ends an override. @throws KidjamoError NOT_FOUND, FORBIDDEN; ChangeRefused, KeyConflict. */
  async revoke(acting: Acting, asked: AskedChange & { readonly override: string; readonly reason: string }): Promise<OverrideAnswer> {
    const by = await this.#people.clinicianOf(acting, asked.patient);
    const { override, reason } = asked;
    return this.#submit(acting, asked, { by, change: { op: 'revoke', override, by, reason } });
  }

  async #submit(
    acting: Acting,
    { patient, key, correlation }: AskedChange,
    { by, change }: { readonly by: string; readonly change: Change },
  ): Promise<OverrideAnswer> {
    const database = this.#database;
    const digest = digestOf(JSON.stringify(canonicalExtra({ patient, ...change })));
    const id =
      key === undefined ? await this.#idOf(acting, patient, digest) : await this.#submissions.idOf('override', { key, digest, user: by });
    const record: OverrideChange = { kind: 'override', id, digest, patient, received: database.now(), correlation, ...change };
    const outcome = await this.#submissions.submit(record, () => outcomeOf(database, acting, id));
    const overrideId = change.op === 'set' ? id : change.override;
    if (outcome === undefined) return { status: 'accepted', change_id: id, override_id: overrideId, override: null };
    const override = await findOverride(database, acting, { patient, value: overrideId });
    if (change.op === 'revoke' && override === undefined) throw new KidjamoError('NOT_FOUND', 'the patient has no override of that id');
    if (outcome.refused !== null) throw new ChangeRefused({ detail: REFUSALS[outcome.refused], change: id });
    return { status: 'applied', change_id: id, override_id: overrideId, override: override ?? null };
  }

  /**
   * The id of a change that came without a key: what is asked again is the same change as long as it stands. Two overrides that say the same
   * would else be in force, and ending one of them would end nothing.
   */
  async #idOf(acting: Acting, patient: string, digest: string): Promise<string> {
    const newest = await newestOf(this.#database, acting, { patient, value: digest });
    return newest?.stands === true ? newest.id : deterministicId('override', patient, digest, newest?.id ?? '');
  }
}
