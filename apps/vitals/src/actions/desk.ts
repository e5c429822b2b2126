/**
 * Takes people's actions in: checks who they are and what they may, appends the action to the input log, on the partition of the patient,
 * and waits a little for what the task makes of it. Nothing about an alert is written here: the task alone decides, and a refused action
 * is written down like any other.
 */

import { randomUUID } from 'node:crypto';

import type { Clock } from '@kidjamo/stream';
import { KidjamoError } from '@kidjamo/stream';
import type { Pool } from 'pg';

import type { ActionName, AlertAction, AlertStatus } from '../contracts/reading.ts';
import { deterministicId } from '../domain/ids.ts';
import { digestOf } from '../gateway/reading-record.ts';
import type { People } from '../people/people.ts';
import type { Acting } from '../read/actor.ts';
import { isUuidKey } from '../read/paging.ts';
import type { Database } from '../read/repository/database.ts';
import { query } from '../read/repository/database.ts';
import { WrongState } from './problem.ts';
import type { ActionAnswer, ActionBody } from './schemas.ts';
import type { Submissions } from './submissions.ts';
import { REFUSALS } from './transitions.ts';
import type { Refused } from './transitions.ts';

/** What the desk stands on. */
export interface DeskOptions {
  readonly pool: Pool;
  readonly clock: Clock;
  readonly people: People;
  readonly submissions: Submissions;
}

/** An action that is asked for. */
export interface Asked {
  readonly alert: string;
  readonly action: ActionName;
  readonly body: ActionBody;
  /** The Idempotency-Key, as given. */
  readonly key: string | undefined;
  readonly correlation: string;
}

interface AlertFacts {
  readonly patient_id: string | null;
  readonly subject_id: string | null;
  readonly alert_type: string;
  readonly status: AlertStatus;
  readonly manual: boolean;
  /** The newest entry of its log, or null. */
  readonly newest: string | null;
}

interface Outcome {
  readonly status: string;
  readonly to_status: AlertStatus | null;
  readonly reason: Refused | null;
  readonly now: AlertStatus | null;
}

export class ActionDesk {
  readonly #people: People;
  readonly #submissions: Submissions;
  readonly #database: Database;

  constructor({ pool, clock, people, submissions }: DeskOptions) {
    this.#people = people;
    this.#submissions = submissions;
    this.#database = { pool, now: () => clock.now() };
  }

  /**
   * Takes an action. Resolves when it is durable, and with its effect when the task is quick.
   * @throws KidjamoError NOT_FOUND for an alert that does not exist or is of nobody the person knows; FORBIDDEN for a person who may not;
   * WrongState, KeyConflict; OVERLOADED, LOG_UNAVAILABLE, LOG_FULL or STORE_UNAVAILABLE when it cannot be kept now.
   */
  async take(acting: Acting, asked: Asked): Promise<ActionAnswer> {
    const facts = await this.#find(acting, asked.alert);
    const { person, standing } = await this.#people.authorise(acting, facts.patient_id, asked.action).catch(asUnknownAlert);
    const { alert, action, body } = asked;
    const subject = facts.subject_id ?? facts.patient_id;
    if (subject === null) {
      throw new KidjamoError('NOT_FOUND', 'the alert was raised for an unknown patient by an earlier version, and cannot be acted on');
    }
    const digest = digestOf(JSON.stringify([alert, action, person.user, body.note ?? null, body.minutes ?? null]));
    const id = await this.#idOf(asked, { digest, user: person.user, newest: facts.newest });
    const record: AlertAction = {
      kind: 'action',
      id,
      digest,
      patient: subject,
      patient_known: facts.patient_id !== null,
      received: this.#database.now(),
      correlation: asked.correlation,
      alert,
      action,
      by: person.user,
      as: standing.as,
      ...(body.note === undefined ? {} : { note: body.note }),
      ...(body.minutes === undefined ? {} : { minutes: body.minutes }),
      seen: { type: facts.alert_type, status: facts.status, manual: facts.manual },
    };
    const outcome = await this.#submissions.submit(record, () => this.#outcome(acting, id));
    if (outcome === undefined) return { status: 'accepted', action_id: id, alert_id: alert, alert_status: null };
    return answerOf(outcome, id, alert);
  }

  async #find(acting: Acting, alert: string): Promise<AlertFacts> {
    // Anything else is no id that an alert could have.
    if (!isUuidKey(alert)) throw unknownAlert();
    const [row] = await query<AlertFacts>(this.#database, acting, {
      text: `SELECT patient_id, subject_id, alert_type, status, created_by_system = 'manual' AS manual,
                    (SELECT l.log_id FROM alert_status_logs l WHERE l.alert_id = a.alert_id ORDER BY l.changed_at DESC, l.seq DESC LIMIT 1) AS newest
               FROM alerts a WHERE alert_id = $1`,
      values: [alert],
    });
    if (row === undefined) throw unknownAlert();
    return row;
  }

  /**
   * The id under which the task applies the action once. Without a key it is told by what is asked and by how far the alert's history has
   * come, so that what is sent twice at once is one action. A comment is always a new one: people say the same thing twice.
   */
  async #idOf(
    { action, alert, key }: Asked,
    { digest, user, newest }: { readonly digest: string; readonly user: string; readonly newest: string | null },
  ): Promise<string> {
    if (key !== undefined) return this.#submissions.idOf('action', { key, digest, user });
    return action === 'comment' ? randomUUID() : deterministicId('action', alert, digest, newest ?? '');
  }

  async #outcome(acting: Acting, id: string): Promise<Outcome | undefined> {
    const [row] = await query<Outcome>(this.#database, acting, {
      text: `SELECT l.status, l.to_status, l.metadata ->> 'reason' AS reason, a.status AS now
               FROM alert_status_logs l LEFT JOIN alerts a USING (alert_id) WHERE l.action_id = $1`,
      values: [id],
    });
    return row;
  }
}

function answerOf({ status, to_status: to, reason, now }: Outcome, id: string, alert: string): ActionAnswer {
  if (status === 'refused') throw new WrongState({ detail: REFUSALS[reason ?? 'unknown'], state: to ?? now, action: id });
  return { status: 'applied', action_id: id, alert_id: alert, alert_status: to ?? now };
}

function unknownAlert(): KidjamoError {
  return new KidjamoError('NOT_FOUND', 'there is no such alert');
}

/** Whoever has no tie to the patient learns as little as of an alert that does not exist. */
function asUnknownAlert(error: unknown): never {
  throw error instanceof KidjamoError && error.code === 'NOT_FOUND' ? unknownAlert() : error;
}
