/**
 * A circuit breaker. The table is total:
 *
 * | state     | success        | failure                     | time passes                          |
 * |-----------|----------------|-----------------------------|--------------------------------------|
 * | closed    | failures := 0  | failures + 1; at the limit: open | -                               |
 * | open      | (no call made) | (no call made)              | after `openFor`: half-open           |
 * | half-open | closed         | open again                  | one probe at a time                  |
 *
 * A call begun before the circuit opened says nothing about what came after: its outcome is passed on and otherwise ignored.
 */

import type { Clock } from '../clock.ts';
import { KidjamoError } from '../errors.ts';

export type CircuitState = 'closed' | 'open' | 'half-open';

/** When a circuit opens and for how long. */
export interface CircuitOptions {
  /** Failures in a row that open it. */
  readonly failures: number;
  /** How long it stays open, ms. */
  readonly openFor: number;
}

export class CircuitBreaker {
  readonly #options: CircuitOptions;
  readonly #clock: Clock;
  #failures = 0;
  #openedAt: number | undefined;
  #probing = false;

  constructor(options: CircuitOptions, clock: Clock) {
    this.#options = options;
    this.#clock = clock;
  }

  get state(): CircuitState {
    if (this.#openedAt === undefined) return 'closed';
    return this.#clock.now() - this.#openedAt >= this.#options.openFor ? 'half-open' : 'open';
  }

  /** How long until a probe may be made, ms; 0 when a call may be made now. */
  get retryAfter(): number {
    if (this.#openedAt === undefined) return 0;
    return Math.max(0, this.#openedAt + this.#options.openFor - this.#clock.now());
  }

  /**
   * Calls `action` unless the circuit is open.
   * @throws KidjamoError CIRCUIT_OPEN without calling it when the circuit is open or a probe is under way.
   */
  async run<T>(action: () => Promise<T>): Promise<T> {
    const state = this.state;
    if (state === 'open' || (state === 'half-open' && this.#probing)) {
      throw new KidjamoError('CIRCUIT_OPEN', `${this.#failures} failures in a row; the next attempt is in ${this.retryAfter} ms`);
    }
    const probe = state === 'half-open';
    if (probe) this.#probing = true;
    try {
      const result = await action();
      if (probe || this.#openedAt === undefined) this.#succeeded();
      return result;
    } catch (error) {
      if (probe || this.#openedAt === undefined) this.#failed(probe);
      throw error;
    } finally {
      if (probe) this.#probing = false;
    }
  }

  #succeeded(): void {
    this.#failures = 0;
    this.#openedAt = undefined;
  }

  #failed(probe: boolean): void {
    this.#failures += 1;
    if (probe || this.#failures >= this.#options.failures) this.#openedAt = this.#clock.now();
  }
}
