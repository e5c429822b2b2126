/** The way in for single readings that do not come over HTTP: validated, given identities, judged and kept by the same code as the routes. */

import type { Clock } from '@kidjamo/stream';

import { Intake } from './intake.ts';
import type { IntakeParts, Outcome } from './intake.ts';
import { intakeParts } from './intake-parts.ts';
import type { IntakeOptions } from './intake-parts.ts';
import { isRefusal, parseBody } from './parse-body.ts';
import type { Item, Refusal } from './parse-body.ts';

/** The format of the bodies. */
const FORMAT = 'nested';

/** A body that came. */
export interface DoorBody {
  readonly bytes: Buffer;
  /** Follows it through every log line and record; as `X-Correlation-Id`. */
  readonly correlation: string;
  /** Looks at the parsed body before it is taken: the value to take in its place, or why it is refused. */
  readonly prepare?: (value: unknown) => { readonly value: unknown } | Refusal;
}

export class BodyDoor {
  readonly #clock: Clock;
  readonly #intake: Intake;
  readonly #parts: IntakeParts;
  readonly #idle: () => Promise<void>;

  constructor(options: IntakeOptions) {
    const { parts, idle } = intakeParts(options);
    this.#clock = options.clock;
    this.#parts = parts;
    this.#intake = new Intake(parts);
    this.#idle = idle;
  }

  /**
   * Takes a nested reading. What is wrong with it stands in the outcome, and the bytes are then in quarantine, as they came.
   * @throws KidjamoError OVERLOADED, LOG_UNAVAILABLE, LOG_FULL, STORE_UNAVAILABLE or DISK_FULL, all retryable, when it cannot be kept now.
   */
  async take({ bytes, correlation, prepare }: DoorBody): Promise<Outcome> {
    const received = this.#clock.now();
    const transport = { source: FORMAT, received, correlation, imported: false } as const;
    const item = itemOf(bytes, prepare);
    const [outcome] = await this.#intake.take({ format: FORMAT, items: [item], transport });
    return outcome ?? { status: 'rejected', refusal: { reason: 'invalid', detail: 'there is no reading' } };
  }

  /** Keeps bytes in quarantine without looking into them. @throws KidjamoError as {@link take}. */
  async refuse({ bytes, correlation }: DoorBody, refusal: Refusal): Promise<Outcome> {
    const { reason, detail } = refusal;
    await this.#parts.quarantine.keep({ reason, detail, source: FORMAT, payload: bytes, received: this.#clock.now(), correlation });
    return { status: 'rejected', refusal };
  }

  /** Resolves when nothing is queued or under way. */
  idle(): Promise<void> {
    return this.#idle();
  }
}

function itemOf(bytes: Buffer, prepare: DoorBody['prepare']): Item {
  const parsed = parseBody(bytes, false);
  const whole = (refusal: Refusal): Item => ({ value: undefined, bytes: () => bytes, refusal });
  if (isRefusal(parsed)) return whole(parsed);
  const [item] = parsed.items;
  if (item === undefined) return whole({ reason: 'invalid', detail: 'there is no reading' });
  if (item.refusal !== undefined || prepare === undefined) return item;
  const prepared = prepare(item.value);
  return 'reason' in prepared ? whole(prepared) : { value: prepared.value, bytes: item.bytes };
}
