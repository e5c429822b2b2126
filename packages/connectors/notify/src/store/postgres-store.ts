/** Deliveries in PostgreSQL. */

import { storeError, withClient } from '@kidjamo/connector-postgres';
import type { MigrationSet } from '@kidjamo/connector-postgres';
import { hasCode, KidjamoError } from '@kidjamo/stream';
import type { Lease } from '@kidjamo/stream';
import type { Pool, PoolClient } from 'pg';

import type { ChannelName, Language, Severity } from '../channel.ts';
import type { Call, ChannelAddress } from '../notifier/call.ts';
import type { Settlement } from '../notifier/decision.ts';
import type { Claim, NewDelivery } from '../notifier/delivery.ts';
import { groupHeld } from '../notifier/planning.ts';
import type { CallPlan } from '../notifier/planning.ts';
import { isFinal, next } from '../notifier/state.ts';
import type { Event, State } from '../notifier/state.ts';
import type { ClaimRequest, LogStep, NotificationStore } from '../notifier/store.ts';
import * as sql from './sql.ts';

/** The tables of notifications. */
export const NOTIFY_MIGRATIONS: MigrationSet = { name: 'notify', folder: new URL('../migrations/', import.meta.url) };

interface DeliveryRow {
  readonly notification_id: string;
  readonly call_id: string | null;
  readonly group_id: string;
  readonly recipient_id: string;
  readonly place: number;
  readonly channel: ChannelName;
  readonly address: string;
  readonly rest: readonly ChannelAddress[];
  readonly language: Language;
  readonly time_zone: string;
  readonly severity: Severity;
  readonly due_at: Date;
  readonly late_at: Date;
  readonly expires_at: Date;
  readonly attempts: number;
  readonly uncertain_attempts: number;
}

/** A store on a pool, which the caller ends. Any number of processes may use one database. */
export class PostgresNotificationStore implements NotificationStore {
  readonly #pool: Pool;

  constructor(pool: Pool) {
    this.#pool = pool;
  }

  async takeOver(lease: Lease): Promise<number> {
    const [row] = await this.#query<{ next_offset: number }>(sql.TAKE_OVER, [lease.log, lease.partition, lease.generation]);
    if (row === undefined) throw fenced(lease);
    return row.next_offset;
  }

  async plan(plans: readonly CallPlan[], now: number, step?: LogStep): Promise<ReadonlySet<string>> {
    const given = planValues(plans, now);
    if (step === undefined) {
      const rows = await this.#query<{ call_id: string }>(sql.PLAN, given);
      return new Set(rows.map(({ call_id: id }) => id));
    }
    const { lease, from, to } = step;
    const where = [lease.log, lease.partition, lease.generation, from, to];
    const [row] = await this.#query<{ fresh: string[] }>(sql.PLAN_AND_MOVE, [...given, ...where]);
    if (row === undefined) throw fenced(lease);
    return new Set(row.fresh);
  }

  async unreached(max: number): Promise<readonly Call[]> {
    return (await this.#query<{ content: Call }>(sql.UNREACHED, [max])).map(({ content }) => content);
  }

  async handedBack(ids: readonly string[], now: number): Promise<void> {
    await this.#query(sql.HANDED_BACK, [ids, time(now)]);
  }

  async refusal(plan: CallPlan, now: number): Promise<string | undefined> {
    try {
      await withClient(this.#pool, async (client) => {
        await client.query('BEGIN');
        await client.query(sql.PLAN, planValues([plan], now));
        await client.query('ROLLBACK');
      });
      return undefined;
    } catch (error) {
      if (!hasCode(error, 'STORE_REJECTED')) throw error;
      return error.message;
    }
  }

  async sentSince(recipient: string, since: number): Promise<number> {
    const [row] = await this.#query<{ n: number }>(sql.SENT_SINCE, [recipient, time(since)]);
    return row?.n ?? 0;
  }

  async claim({ channel, now, until, max }: ClaimRequest): Promise<readonly Claim[]> {
    const rows = await this.#query<DeliveryRow & { calls: Call[] }>(sql.CLAIM, [channel, time(now), time(until), max]);
    return rows.map((row) => ({ ...deliveryOf(row), attempt: row.attempts, uncertain: row.uncertain_attempts, calls: row.calls }));
  }

  async settle(claim: Claim, settlement: Settlement, now: number): Promise<boolean> {
    return this.#inTransaction(async (client) => {
      const { rows } = await client.query<{ state: State }>(sql.LOCK_GROUP, [claim.group, claim.recipient]);
      const { outcome, reason, providerId, dueAt } = settlement;
      // History has it even where a newer claim has the delivery.
      await client.query(sql.END_ATTEMPT, [claim.key, claim.attempt, outcome, reason, time(now)]);
      const needless = settlement.event !== 'accept' && rows.some(({ state }) => state === 'delivered');
      const event: Event = needless ? 'supersede' : settlement.event;
      const state = next('sending', event);
      const fallback = needless ? undefined : settlement.fallback;
      const { rowCount } = await client.query(sql.SETTLE, [
        claim.key,
        claim.attempt,
        state,
        time(dueAt),
        reason,
        providerId,
        outcome === 'unknown' ? 1 : 0,
        isFinal(state),
        fallback !== undefined,
        time(now),
      ]);
      if (rowCount !== 1) return false;
      if (event === 'accept') await client.query(sql.SUPERSEDE, [claim.group, claim.recipient, time(now)]);
      if (fallback !== undefined) await client.query(sql.ADD, [JSON.stringify([fieldsOf(fallback)]), time(now)]);
      return true;
    });
  }

  async heldDue(now: number, max: number): Promise<readonly (readonly [NewDelivery, ...NewDelivery[]])[]> {
    const rows = await this.#query<DeliveryRow>(sql.HELD_DUE, [time(now), max]);
    return groupHeld(rows.map((row) => ({ ...deliveryOf(row), state: 'held' })));
  }

  async release(key: string, times: Pick<NewDelivery, 'dueAt' | 'lateAt' | 'expiresAt'>, now: number): Promise<void> {
    await this.#query(sql.RELEASE, [key, time(times.dueAt), time(times.lateAt), time(times.expiresAt), time(now)]);
  }

  async merge(keys: readonly string[], into: NewDelivery, now: number): Promise<void> {
    await this.#inTransaction(async (client) => {
      const { rowCount } = await client.query(sql.LOCK_HELD, [keys]);
      if (rowCount !== keys.length) return;
      await client.query(sql.ADD, [JSON.stringify([fieldsOf(into)]), time(now)]);
      await client.query(sql.MERGE, [keys, into.key, time(now)]);
    });
  }

  async #query<Row extends object>(text: string, values: unknown[]): Promise<Row[]> {
    try {
      return (await this.#pool.query<Row>(text, values)).rows;
    } catch (error) {
      throw storeError(error);
    }
  }

  #inTransaction<T>(action: (client: PoolClient) => Promise<T>): Promise<T> {
    return withClient(this.#pool, async (client) => {
      await client.query('BEGIN');
      const result = await action(client);
      await client.query('COMMIT');
      return result;
    });
  }
}

/** @throws KidjamoError STORE_REJECTED where something in a plan is no value of the database, such as a time that is none. */
function planValues(plans: readonly CallPlan[], now: number): string[] {
  try {
    return planTexts(plans, now);
  } catch (error) {
    throw storeError(error);
  }
}

function planTexts(plans: readonly CallPlan[], now: number): string[] {
  const calls = plans.map(({ call, unreachable, people }) => ({
    call_id: call.id,
    patient_id: call.patient ?? null,
    severity: call.severity,
    reason: call.reason,
    called_at: time(call.at),
    unreachable: unreachable.length,
    // Of a test, which is about no patient, nothing follows.
    unreached: people === 0 && call.patient !== undefined,
    content: call,
  }));
  const deliveries = plans.flatMap((plan) => plan.deliveries.map(fieldsOf));
  return [JSON.stringify(calls), JSON.stringify(deliveries), time(now)];
}

function fenced({ partition, generation }: Lease): KidjamoError {
  return new KidjamoError('FENCED', `partition ${partition} has a younger owner than generation ${generation}, or has moved on`);
}

function time(ms: number): string {
  return new Date(ms).toISOString();
}

/** As `DELIVERY_FIELDS` has them. */
function fieldsOf(delivery: NewDelivery): object {
  const { key, callId, group, recipient, place, channel, address, rest, language, timeZone, severity, state } = delivery;
  return {
    key,
    call_id: callId ?? null,
    group_id: group,
    recipient,
    place,
    channel,
    address,
    rest,
    language,
    time_zone: timeZone,
    severity,
    state,
    due_at: time(delivery.dueAt),
    late_at: time(delivery.lateAt),
    expires_at: time(delivery.expiresAt),
  };
}

function deliveryOf(row: DeliveryRow): Omit<NewDelivery, 'state'> {
  return {
    key: row.notification_id,
    callId: row.call_id ?? undefined,
    group: row.group_id,
    recipient: row.recipient_id,
    place: row.place,
    channel: row.channel,
    address: row.address,
    rest: row.rest,
    language: row.language,
    timeZone: row.time_zone,
    severity: row.severity,
    dueAt: row.due_at.getTime(),
    lateAt: row.late_at.getTime(),
    expiresAt: row.expires_at.getTime(),
  };
}
