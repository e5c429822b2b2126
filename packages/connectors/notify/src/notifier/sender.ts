/** One attempt through a channel: within its time, and through the channel's circuit breaker. */

import { CircuitBreaker, hasCode } from '@kidjamo/stream';
import type { CircuitOptions, Clock } from '@kidjamo/stream';

import type { Channel, Message, Outcome, Sending } from '../channel.ts';
import type { Blocked } from './decision.ts';

/** How attempts are made. */
export interface SenderOptions {
  readonly clock: Clock;
  readonly circuit: CircuitOptions;
  /** Longest attempt, ms. */
  readonly sendWithin: number;
  /** Told what a channel threw, which it should not. */
  readonly fault: (error: unknown) => void;
}

/** A channel with its circuit. */
export class Sender {
  readonly channel: Channel;
  readonly #options: SenderOptions;
  readonly #breaker: CircuitBreaker;

  constructor(channel: Channel, options: SenderOptions) {
    this.channel = channel;
    this.#options = options;
    this.#breaker = new CircuitBreaker(options.circuit, options.clock);
  }

  /** Sends once, unless the circuit is open. Never rejects for what the channel does. */
  async send(message: Message, to: Pick<Sending, 'key' | 'address'>): Promise<Outcome | Blocked> {
    try {
      return await this.#breaker.run(async () => {
        const outcome = await this.#withinTime(message, to);
        // What is refused was answered: the provider works.
        if (outcome.kind === 'failed' || outcome.kind === 'unknown') throw new Missed(outcome);
        return outcome;
      });
    } catch (error) {
      if (error instanceof Missed) return error.outcome;
      if (hasCode(error, 'CIRCUIT_OPEN')) return { kind: 'blocked', retryAfter: this.#breaker.retryAfter };
      throw error;
    }
  }

  async #withinTime(message: Message, to: Pick<Sending, 'key' | 'address'>): Promise<Outcome> {
    const { clock, sendWithin, fault } = this.#options;
    const limit = new AbortController();
    const answered = new AbortController();
    // A channel that does not keep to its contract is not waited for: nobody knows whether it sent.
    const late = clock.sleep(sendWithin, answered.signal).then((): Outcome => {
      limit.abort();
      return { kind: 'unknown', reason: 'there was no answer in time' };
    });
    const sending = this.channel.send(message, { ...to, signal: limit.signal }).catch((error: unknown): Outcome => {
      fault(error);
      return { kind: 'unknown', reason: 'the channel broke down' };
    });
    try {
      return await Promise.race([sending, late]);
    } finally {
      answered.abort();
    }
  }
}

/** Carries an outcome through the circuit breaker, which counts what is thrown. */
class Missed extends Error {
  readonly outcome: Outcome;

  constructor(outcome: Outcome) {
    super('missed');
    this.outcome = outcome;
  }
}
