/**
 * The notifier: writes down what is to be sent, sends it, and records what became of it. Each delivery is claimed before it is sent and
 * recorded after, so a crash between the two is seen by whoever comes next, who sends it again with the same key.
 *
 * | a crash                        | leaves                                | then                                             |
 * |--------------------------------|---------------------------------------|--------------------------------------------------|
 * | before a plan is written       | nothing                               | the log hands the call over again                |
 * | after it                       | planned deliveries                    | the log hands it over again; nothing changes     |
 * | after a claim, before the send | `sending`                             | sent when the claim runs out                     |
 * | after the send                 | `sending`                             | sent again when the claim runs out: one duplicate at most, none where the channel drops it |
 * | after the record               | the end, with its fall-back if any    | nothing                                          |
 *
 * Every channel has a lane of its own, so that a slow one delays no other.
 */

import { backoffDelay, isRetryable, KidjamoError } from '@kidjamo/stream';
import type { CircuitOptions, Clock } from '@kidjamo/stream';

import type { Channel, ChannelName } from '../channel.ts';
import { renderMessage } from '../templates/render.ts';
import type { Call, NotifyRequest } from './call.ts';
import { decide } from './decision.ts';
import type { Settlement } from './decision.ts';
import type { Claim } from './delivery.ts';
import { takeCalls, takeStep } from './intake.ts';
import type { IntakeContext, Planned } from './intake.ts';
import type { NotifierObserver } from './observer.ts';
import { mergeHeld, timesFrom } from './planning.ts';
import { POLICY } from './policy.ts';
import type { Policy } from './policy.ts';
import { Sender } from './sender.ts';
import type { LogStep, NotificationStore } from './store.ts';

/** How a notifier is run. */
export interface NotifierOptions {
  readonly store: NotificationStore;
  /** One for each name. */
  readonly channels: readonly Channel[];
  readonly clock: Clock;
  /** In [0, 1). */
  readonly random: () => number;
  readonly observer: NotifierObserver;
  /**
   * Told of calls about a patient that reach nobody, so that they are escalated; perhaps more than once. MUST resolve only when it is durable.
   * Where it fails for now it is told again.
   */
  readonly handBack?: (calls: readonly Call[]) => Promise<void>;
  readonly policy?: Policy;
  /** Attempts of one channel at a time. Default 8. */
  readonly concurrency?: number;
  /** Longest attempt, ms. Default 10,000. */
  readonly sendWithin?: number;
  /**
   * How long a claim lasts, ms: after a crash a delivery waits for so long. At least three times the longest attempt, since clocks of machines
   * differ and a record may have to be tried again. Default 30,000.
   */
  readonly claimFor?: number;
  /** Default: opens after 5 failures in a row, for 30 s. */
  readonly circuit?: CircuitOptions;
  /** How long to wait before looking again, ms. Default 1000. */
  readonly pollEvery?: number;
}

/** Held deliveries looked at in one go. */
const HELD_AT_ONCE = 500;
/** Calls that reach nobody, handed back in one go. */
const HANDED_BACK_AT_ONCE = 100;
/** Between attempts at the store, ms: what is critical may be waiting behind it. */
const STORE_BACKOFF = { initial: 100, max: 2000 };

/** A claim and its end, ms. */
interface Claimed {
  readonly claim: Claim;
  readonly until: number;
}

export class Notifier {
  readonly #options: NotifierOptions;
  readonly #policy: Policy;
  readonly #claimFor: number;
  readonly #sendWithin: number;
  readonly #senders: ReadonlyMap<ChannelName, Sender>;
  /** What ends the pauses of the loops. */
  readonly #rests = new Set<AbortController>();

  /** @throws KidjamoError CONFIG_INVALID when two channels have one name, or a claim is too short. */
  constructor(options: NotifierOptions) {
    const { channels, clock, observer, circuit = { failures: 5, openFor: 30_000 }, sendWithin = 10_000, claimFor = 30_000 } = options;
    if (claimFor < 3 * sendWithin) {
      throw new KidjamoError('CONFIG_INVALID', `claims of ${claimFor} ms are shorter than three attempts of ${sendWithin} ms`);
    }
    const around = { clock, circuit, sendWithin, fault: (error: unknown) => observer.failed(error) };
    const senders = new Map(channels.map((channel) => [channel.name, new Sender(channel, around)]));
    if (senders.size !== channels.length) throw new KidjamoError('CONFIG_INVALID', 'two notification channels have the same name');
    this.#options = options;
    this.#policy = options.policy ?? POLICY;
    this.#claimFor = claimFor;
    this.#sendWithin = sendWithin;
    this.#senders = senders;
  }

  /**
   * Takes calls over: when it resolves they are durable or refused, and whoever hands them over may go on. Calls that are known already change
   * nothing.
   * @throws KidjamoError STORE_UNAVAILABLE: hand them over again.
   */
  async notify(requests: readonly NotifyRequest[]): Promise<Planned> {
    const planned = await takeCalls(requests, this.#intake());
    this.#wake();
    return planned;
  }

  /**
   * The same for calls of a log: the position moves with the plans. Where calls are refused nothing has happened, and the others are to be handed
   * over without them.
   * @throws KidjamoError FENCED when the partition has another owner or has moved on; STORE_UNAVAILABLE.
   */
  async handOver(requests: readonly NotifyRequest[], step: LogStep): Promise<Planned> {
    const planned = await takeStep(requests, step, this.#intake());
    this.#wake();
    return planned;
  }

  /**
   * Sends what is planned, until `signal` aborts. Attempts under way are ended and recorded first.
   * @throws KidjamoError what the store says that will not pass by itself.
   */
  async run(signal: AbortSignal): Promise<void> {
    const broken = new AbortController();
    const until = AbortSignal.any([signal, broken.signal]);
    const loops = [
      this.#keepOn(until, async () => {
        await this.#tendHeld();
        return false;
      }),
      this.#keepOn(until, () => this.#handBack()),
      ...Array.from(this.#senders.values(), (sender) => this.#lane(sender, until)),
    ];
    // Where one loop breaks, the others end what they have in hand before anybody is told.
    const ends = await Promise.allSettled(loops.map((loop) => loop.finally(() => broken.abort())));
    const failed = ends.find((end) => end.status === 'rejected');
    if (failed !== undefined) throw failed.reason;
  }

  /** One round: ends holds that are over, hands back what reaches nobody, and tries once what is due. Returns how many attempts were made. */
  async round(): Promise<number> {
    await this.#tendHeld();
    await this.#handBack();
    let attempts = 0;
    for (const sender of this.#senders.values()) {
      const claims = await this.#claim(sender, this.#concurrency);
      await Promise.all(claims.map((claim) => this.#attempt(sender, claim)));
      attempts += claims.length;
    }
    return attempts;
  }

  #intake(): IntakeContext {
    const { store, clock, observer } = this.#options;
    return { store, observer, channels: new Set(this.#senders.keys()), policy: this.#policy, now: clock.now() };
  }

  #wake(): void {
    for (const rest of this.#rests) rest.abort();
  }

  get #concurrency(): number {
    return this.#options.concurrency ?? 8;
  }

  async #lane(sender: Sender, signal: AbortSignal): Promise<void> {
    const inHand = new Set<Promise<void>>();
    let resting: AbortController | undefined;
    await this.#keepOn(signal, async (rest) => {
      resting = rest;
      const claims = await this.#claim(sender, this.#concurrency - inHand.size);
      for (const claim of claims) {
        const attempt = this.#attempt(sender, claim)
          // Its claim runs out, and then it is sent again.
          .catch((error: unknown) => this.#options.observer.failed(error))
          .finally(() => {
            inHand.delete(attempt);
            resting?.abort();
          });
        inHand.add(attempt);
      }
      return claims.length > 0 && inHand.size < this.#concurrency;
    });
    await Promise.all(inHand);
  }

  /** Repeats `work`, which tells whether there may be more at once; else with pauses, and with back-off while the store is away. */
  async #keepOn(signal: AbortSignal, work: (rest: AbortController) => Promise<boolean>): Promise<void> {
    const { clock, observer, random, pollEvery = 1000 } = this.#options;
    for (let failures = 0; !signal.aborted;) {
      const rest = new AbortController();
      const either = AbortSignal.any([signal, rest.signal]);
      // Before the work, so that news that come during it are not slept over.
      this.#rests.add(rest);
      try {
        const more = await work(rest);
        failures = 0;
        if (more) continue;
        await clock.sleep(pollEvery, either);
      } catch (error) {
        observer.failed(error);
        if (!isRetryable(error)) throw error;
        failures += 1;
        await clock.sleep(backoffDelay(STORE_BACKOFF, failures, random), signal);
      } finally {
        this.#rests.delete(rest);
        rest.abort();
      }
    }
  }

  async #claim(sender: Sender, max: number): Promise<readonly Claimed[]> {
    if (max <= 0) return [];
    const now = this.#options.clock.now();
    const until = now + this.#claimFor;
    const claims = await this.#options.store.claim({ channel: sender.channel.name, now, until, max });
    return claims.map((claim) => ({ claim, until }));
  }

  async #attempt(sender: Sender, { claim, until }: Claimed): Promise<void> {
    const { clock, random, observer } = this.#options;
    const { name, idempotent } = sender.channel;
    const message = renderMessage(claim.calls, claim);
    // A process that was stopped since it claimed leaves the delivery to whoever finds it: a second would send it too.
    if (clock.now() + this.#sendWithin > until) return;
    if (claim.uncertain > 0 && !idempotent) observer.possibleDuplicate(name);
    const outcome = await sender.send(message, claim);
    observer.attempted(name, outcome.kind);
    if (outcome.kind === 'refused' && outcome.gone === true) observer.gone(claim.recipient, name);
    const settlement = decide(claim, outcome, { now: clock.now(), policy: this.#policy, random });
    if (!(await this.#record(claim, settlement, until))) return;
    if (settlement.fallback !== undefined) observer.fellBack(name, settlement.fallback.channel);
    else if (settlement.event === 'give_up') observer.undeliverable(name, claim.severity);
  }

  /** Records as long as the claim lasts: what is not recorded is sent again. */
  async #record(claim: Claim, settlement: Settlement, until: number): Promise<boolean> {
    const { store, clock, random, observer } = this.#options;
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await store.settle(claim, settlement, clock.now());
      } catch (error) {
        const pause = backoffDelay(STORE_BACKOFF, attempt, random);
        if (!isRetryable(error) || clock.now() + pause >= until) throw error;
        observer.failed(error);
        await clock.sleep(pause);
      }
    }
  }

  /** Tells whether there may be more. */
  async #handBack(): Promise<boolean> {
    const { store, clock, handBack } = this.#options;
    if (handBack === undefined) return false;
    const calls = await store.unreached(HANDED_BACK_AT_ONCE);
    if (calls.length === 0) return false;
    await handBack(calls);
    await store.handedBack(
      calls.map(({ id }) => id),
      clock.now(),
    );
    return true;
  }

  async #tendHeld(): Promise<void> {
    const { store, clock } = this.#options;
    const now = clock.now();
    const groups = await store.heldDue(now, HELD_AT_ONCE);
    for (const group of groups) {
      const [first] = group;
      if (group.length === 1) await store.release(first.key, timesFrom(now, first.severity, this.#policy), now);
      else {
        await store.merge(
          group.map(({ key }) => key),
          mergeHeld(group, now, this.#policy),
          now,
        );
      }
    }
  }
}
