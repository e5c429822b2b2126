/** Deliveries in memory: for properties, which need many stores, and to look into. */

import { KidjamoError } from '@kidjamo/stream';
import type { Lease } from '@kidjamo/stream';

import type { Call } from '../notifier/call.ts';
import type { Settlement } from '../notifier/decision.ts';
import type { Claim, NewDelivery } from '../notifier/delivery.ts';
import { groupHeld } from '../notifier/planning.ts';
import type { CallPlan } from '../notifier/planning.ts';
import { isFinal, next, TABLE } from '../notifier/state.ts';
import type { State } from '../notifier/state.ts';
import type { ClaimRequest, LogStep, NotificationStore } from '../notifier/store.ts';
import { rankOf } from '../notifier/call.ts';

/** A delivery as it is kept. */
export interface KeptDelivery extends Omit<NewDelivery, 'state' | 'address'> {
  state: State;
  address: string | undefined;
  dueAt: number;
  lateAt: number;
  expiresAt: number;
  rest: NewDelivery['rest'];
  attempts: number;
  uncertain: number;
  readonly plannedAt: number;
  readonly heldBefore: boolean;
  mergedInto?: string;
}

export class MemoryNotificationStore implements NotificationStore {
  readonly calls = new Map<string, Call>();
  readonly kept = new Map<string, KeptDelivery>();
  /** Calls that reach nobody and are not handed back. */
  readonly #unreached = new Set<string>();
  /** By log and partition. */
  readonly #positions = new Map<string, { generation: number; next: number }>();

  takeOver({ log, partition, generation }: Lease): Promise<number> {
    const own = this.#positions.get(`${log}/${partition}`) ?? { generation, next: 0 };
    if (own.generation > generation) return Promise.reject(new KidjamoError('FENCED', 'a younger owner has the partition'));
    own.generation = generation;
    this.#positions.set(`${log}/${partition}`, own);
    return Promise.resolve(own.next);
  }

  unreached(max: number): Promise<readonly Call[]> {
    const ids = [...this.#unreached].slice(0, max);
    return Promise.resolve(ids.map((id) => this.calls.get(id)).filter((call) => call !== undefined));
  }

  handedBack(ids: readonly string[]): Promise<void> {
    for (const id of ids) this.#unreached.delete(id);
    return Promise.resolve();
  }

  refusal(): Promise<string | undefined> {
    return Promise.resolve(undefined);
  }

  plan(plans: readonly CallPlan[], now: number, step?: LogStep): Promise<ReadonlySet<string>> {
    if (step !== undefined) {
      const own = this.#positions.get(`${step.lease.log}/${step.lease.partition}`);
      if (own?.generation !== step.lease.generation || own.next !== step.from) {
        return Promise.reject(new KidjamoError('FENCED', 'the partition has another owner, or has moved on'));
      }
      own.next = step.to;
    }
    const fresh = new Set<string>();
    for (const { call, deliveries, people } of plans) {
      if (this.calls.has(call.id)) continue;
      this.calls.set(call.id, call);
      fresh.add(call.id);
      if (people === 0 && call.patient !== undefined) this.#unreached.add(call.id);
      for (const delivery of deliveries) this.#add(delivery, now);
    }
    return Promise.resolve(fresh);
  }

  sentSince(recipient: string, since: number): Promise<number> {
    const counted = this.#all(
      (each) =>
        each.recipient === recipient &&
        each.plannedAt >= since &&
        each.severity !== 'critical' &&
        !each.heldBefore &&
        each.place === 0 &&
        each.callId !== undefined,
    );
    return Promise.resolve(counted.length);
  }

  claim({ channel, now, until, max }: ClaimRequest): Promise<readonly Claim[]> {
    const due = this.#all((each) => each.channel === channel && each.dueAt <= now && TABLE[each.state].claim !== undefined)
      .sort((a, b) => rankOf(b.severity) - rankOf(a.severity) || a.dueAt - b.dueAt)
      .slice(0, max);
    return Promise.resolve(
      due.flatMap((each): Claim[] => {
        if (each.state === 'sending') each.uncertain += 1;
        if (this.#othersOf(each).some(({ state }) => state === 'delivered')) {
          this.#move(each, next(each.state, 'supersede'));
          return [];
        }
        each.state = next(each.state, 'claim');
        each.attempts += 1;
        each.dueAt = until;
        const { attempts, state: _state, plannedAt: _plannedAt, heldBefore: _heldBefore, mergedInto: _mergedInto, ...rest } = each;
        return [{ ...rest, address: each.address ?? '', attempt: attempts, calls: this.#callsOf(each) }];
      }),
    );
  }

  settle(claim: Claim, settlement: Settlement, now: number): Promise<boolean> {
    const own = this.kept.get(claim.key);
    if (own?.state !== 'sending' || own.attempts !== claim.attempt) return Promise.resolve(false);
    const others = this.#othersOf(own);
    const needless = settlement.event !== 'accept' && others.some(({ state }) => state === 'delivered');
    own.dueAt = settlement.dueAt;
    if (settlement.outcome === 'unknown') own.uncertain += 1;
    this.#move(own, next('sending', needless ? 'supersede' : settlement.event));
    if (settlement.event === 'accept') {
      for (const other of others) {
        if (other.state !== 'sending' && TABLE[other.state].supersede !== undefined) this.#move(other, next(other.state, 'supersede'));
      }
    }
    if (!needless && settlement.fallback !== undefined) {
      this.#add(settlement.fallback, now);
      own.rest = [];
    }
    return Promise.resolve(true);
  }

  heldDue(now: number, max: number): Promise<readonly (readonly [NewDelivery, ...NewDelivery[]])[]> {
    const due = this.#all(({ state, dueAt }) => state === 'held' && dueAt <= now).slice(0, max);
    return Promise.resolve(groupHeld(due.map((each): NewDelivery => ({ ...each, address: each.address ?? '', state: 'held' }))));
  }

  release(key: string, times: Pick<NewDelivery, 'dueAt' | 'lateAt' | 'expiresAt'>): Promise<void> {
    const own = this.kept.get(key);
    if (own?.state === 'held') {
      Object.assign(own, times);
      this.#move(own, next('held', 'release'));
    }
    return Promise.resolve();
  }

  merge(keys: readonly string[], into: NewDelivery, now: number): Promise<void> {
    const held = keys.map((key) => this.kept.get(key)).filter((each) => each?.state === 'held');
    if (held.length !== keys.length) return Promise.resolve();
    this.#add(into, now);
    for (const each of held) {
      if (each === undefined) continue;
      each.mergedInto = into.key;
      this.#move(each, next('held', 'merge'));
    }
    return Promise.resolve();
  }

  #all(matches: (each: KeptDelivery) => boolean): KeptDelivery[] {
    return [...this.kept.values()].filter(matches);
  }

  #othersOf(own: KeptDelivery): KeptDelivery[] {
    return this.#all((each) => each.group === own.group && each.recipient === own.recipient && each !== own);
  }

  #add(delivery: NewDelivery, now: number): void {
    if (this.kept.has(delivery.key)) return;
    this.kept.set(delivery.key, { ...delivery, attempts: 0, uncertain: 0, plannedAt: now, heldBefore: delivery.state === 'held' });
  }

  #move(each: KeptDelivery, to: State): void {
    each.state = to;
    if (isFinal(to)) {
      each.address = undefined;
      each.rest = [];
    }
  }

  #callsOf(each: KeptDelivery): Call[] {
    const ids =
      each.callId === undefined ? this.#all((other) => other.mergedInto === each.group).map(({ callId }) => callId ?? '') : [each.callId];
    return ids
      .map((id) => this.calls.get(id))
      .filter((call) => call !== undefined)
      .sort((a, b) => a.at - b.at || (a.id < b.id ? -1 : 1));
  }
}
