/**
 * Takes people's actions in: checks who they are and what they may, appends the action to the input log, on the partition of the patient,
 * and waits a little for what the task makes of it. Nothing about an alert is written here: the task alone decides, and a refused action
 * is written down like any other.
 */

import { randomUUID } from 'node:crypto';

import type { Clock, Log } from '@kidjamo/stream';
import { KidjamoError } from '@kidjamo/stream';
import type { Pool } from 'pg';

import { partitionOf } from '../contracts/partition.ts';
import type { ActionName, AlertAction, AlertStatus } from '../contracts/reading.ts';
import { deterministicId } from '../domain/ids.ts';
import { AppendQueue } from '../gateway/append-queue.ts';
import { IdempotencyKeys, keyId } from '../gateway/idempotency.ts';
import { digestOf } from '../gateway/reading-record.ts';
import { People } from '../people/people.ts';
import type { Acting } from '../read/actor.ts';
import { isUuidKey } from '../read/paging.ts';
import type { Database } from '../read/repository/database.ts';
import { query } from '../read/repository/database.ts';
import { KeyConflict, WrongState } from './problem.ts';
import type { ActionAnswer, ActionBody } from './schemas.ts';
import { REFUSALS } from './transitions.ts';
import type { Refused } from './transitions.ts';

/** Bounds in front of the log: people are few. */
const LIMITS = { maxAppend: 1 << 20, maxPending: 4 << 20, deadline: 4000 };
/** How often the outcome is looked for, ms. */
const LOOK_EVERY = 40;

/** What the desk stands on. */
export interface DeskOptions {
  readonly pool: Pool;
  readonly clock: Clock;
  /** The input log. */
  readonly log: Log;
  /** How long an answer waits for the outcome, ms. */
  readonly patience: number;
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
  readonly people: People;
  readonly #options: DeskOptions;
  readonly #database: Database;
  readonly #keys: IdempotencyKeys;
  readonly #queue: AppendQueue;

  constructor(options: DeskOptions) {
    const { pool, clock, log } = options;
    this.#options = options;
    this.people = new People({ pool, clock });
    this.#database = { pool, now: () => clock.now() };
    this.#keys = new IdempotencyKeys(pool, clock);
    this.#queue = new AppendQueue(log, clock, LIMITS);
  }

  /**
   * Takes an action. Resolves when it is durable, and with its effect when the task is quick.
   * @throws KidjamoError NOT_FOUND for an alert that does not exist or is of nobody the person knows; FORBIDDEN for a person who may not;
   * WrongState, KeyConflict; OVERLOADED, LOG_UNAVAILABLE, LOG_FULL or STORE_UNAVAILABLE when it cannot be kept now.
   */
  async take(acting: Acting, asked: Asked): Promise<ActionAnswer> {
    const facts = await this.#find(acting, asked.alert);
    const { person, standing } = await this.people.authorise(acting, facts.patient_id, asked.action).catch(asUnknownAlert);
    const { alert, action, body } = asked;
    const subject = facts.subject_id ?? facts.patient_id;
    if (subject === null) {
      throw new KidjamoError('NOT_FOUND', 'the alert was raised for an unknown patient by an earlier version, and cannot be acted on');
    }
    const digest = digestOf(JSON.stringify([alert, action, person.user, body.note ?? null, body.minutes ?? null]));
    const id = await this.#idOf(asked, { digest, user: person.user, newest: facts.newest });
    const known = await this.#outcome(acting, id);
    if (known !== undefined) return answerOf(known, id, alert);
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
    const { log } = this.#options;
    await this.#queue.append([{ partition: partitionOf(subject, log.partitions), key: subject, value: JSON.stringify(record) }]);
    const outcome = await this.#await(acting, id);
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
    if (key !== undefined) {
      const bound = keyId(`action\u001f${user}`, key);
      if (!(await this.#keys.claim({ id: bound, digest }))) throw new KeyConflict();
      return deterministicId('action', bound, digest);
    }
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

  async #await(acting: Acting, id: string): Promise<Outcome | undefined> {
    const { clock, patience } = this.#options;
    for (const until = clock.now() + patience; clock.now() < until;) {
      const outcome = await this.#outcome(acting, id);
      if (outcome !== undefined) return outcome;
      await clock.sleep(LOOK_EVERY);
    }
    return undefined;
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
