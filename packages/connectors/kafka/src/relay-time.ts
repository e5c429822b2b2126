/** The time that one call of a relay may take, and its steps: tried again while there is time, cut off when there is none. */

import { hasCode, KidjamoError } from '@kidjamo/stream';
import type { Clock } from '@kidjamo/stream';

import { brokerSaid, kafkaFailure } from './connection.ts';

/** What the brokers say to a producer whose transactional id has another owner by now, or whose place in the sequence they lost. */
const LOST = [
  'PRODUCER_FENCED',
  'INVALID_PRODUCER_EPOCH',
  'INVALID_PRODUCER_ID_MAPPING',
  'INVALID_TXN_STATE',
  'UNKNOWN_PRODUCER_ID',
  'OUT_OF_ORDER_SEQUENCE_NUMBER',
  'DUPLICATE_SEQUENCE_NUMBER',
];

/** Wait before a step is tried again, ms: doubled each time. The first is short, since the end of the last transaction takes a moment. */
const FIRST_WAIT = 4;
const LONGEST_WAIT = 250;

/** How long a step under way goes on after an abort, so that its outcome is known, ms. */
const PATIENCE = 1000;

/** The producer id is of no more use: another has it, or its transaction was ended by its time limit. */
export class IdentityLost extends Error {}

/** What a step is, for {@link RelayTime.persist}. */
export interface Step<T> {
  /** What it is about, for the message. */
  readonly what: string;
  /** Once more may do no harm. `fresh` asks for leaders and coordinators anew. */
  readonly action: (fresh: boolean) => Promise<T>;
  /** It is tried again after an abort, too, while patience lasts: it settles what would be unknown. */
  readonly settles?: boolean;
}

export class RelayTime {
  readonly #clock: Clock;
  readonly #signal: AbortSignal;
  readonly #ended = new AbortController();
  readonly #cutoff: Promise<never>;
  #over = false;

  /** @param options `ms`: how long the call may take; `signal`: ends it sooner. */
  constructor({ clock, ms, signal }: { clock: Clock; ms: number; signal: AbortSignal }) {
    this.#clock = clock;
    this.#signal = signal;
    this.#cutoff = this.#cut(ms);
    this.#cutoff.catch(() => undefined); // nobody may be waiting when the time is up
  }

  /** True when nothing more may be waited for. */
  get over(): boolean {
    return this.#over;
  }

  /** @throws KidjamoError SINK_UNAVAILABLE after an abort, or when the time is up. */
  check(): void {
    if (this.#signal.aborted) throw stopped();
    if (this.#over) throw tooLong();
  }

  /** Waits. */
  async rest(ms: number): Promise<void> {
    await this.#clock.sleep(ms, this.#signal);
  }

  /**
   * Makes a step, again and again until it succeeds.
   * @throws IdentityLost when the producer id is of no more use; KidjamoError SINK_UNAVAILABLE when there is no time left, CONFIG_INVALID
   * when it will be refused again.
   */
  async persist<T>({ what, action, settles = false }: Step<T>): Promise<T> {
    let fresh = false;
    for (let wait = FIRST_WAIT; ; wait = Math.min(LONGEST_WAIT, wait * 2)) {
      if (!settles) this.check();
      let failure: KidjamoError;
      try {
        return await Promise.race([action(fresh), this.#cutoff]);
      } catch (error) {
        if (LOST.some((said) => brokerSaid(error, said)))
          throw new IdentityLost(`${what}: the producer id is not current`, { cause: error });
        failure = sinkFailure(error, what);
        // The end of the transaction before is still being written: the coordinator is the right one.
        fresh = !brokerSaid(error, 'CONCURRENT_TRANSACTIONS');
      }
      if (this.#over || !failure.retryable || (this.#signal.aborted && !settles)) throw failure;
      await this.#clock.sleep(wait, settles ? this.#ended.signal : this.#signal);
    }
  }

  /** Lets go of the timers. */
  end(): void {
    this.#ended.abort();
  }

  async #cut(ms: number): Promise<never> {
    const sooner = new AbortController();
    const hurry = async (): Promise<void> => {
      await this.#clock.sleep(PATIENCE, this.#ended.signal);
      sooner.abort();
    };
    const onAbort = (): void => void hurry();
    if (this.#signal.aborted) onAbort();
    this.#signal.addEventListener('abort', onAbort, { once: true, signal: this.#ended.signal });
    this.#ended.signal.addEventListener('abort', () => sooner.abort(), { once: true });
    await this.#clock.sleep(ms, sooner.signal);
    this.#over = true;
    throw this.#signal.aborted ? stopped() : tooLong();
  }
}

/** What an error of the client means to a runtime of sinks. */
export function sinkFailure(error: unknown, what: string): KidjamoError {
  if (brokerSaid(error, 'INVALID_TRANSACTION_TIMEOUT')) {
    return new KidjamoError(
      'CONFIG_INVALID',
      'the brokers allow no transaction as long as the relay asks for: raise transaction.max.timeout.ms',
      { cause: error },
    );
  }
  const failure = kafkaFailure(error, what);
  if (!hasCode(failure, 'LOG_UNAVAILABLE')) return failure;
  return new KidjamoError('SINK_UNAVAILABLE', failure.message, { cause: error });
}

function stopped(): KidjamoError {
  return new KidjamoError('SINK_UNAVAILABLE', 'the relay was told to stop');
}

function tooLong(): KidjamoError {
  return new KidjamoError('SINK_UNAVAILABLE', 'Kafka did not take a step of the relay in time');
}
