/**
 * The way in for what devices say over MQTT: the bodies of `POST /v1/vitals` and `POST /api/v1/device/status`, taken by the same code.
 * The device is named twice, in the topic and in the body; where the two differ the item is refused and kept in quarantine.
 */

import { randomUUID } from 'node:crypto';

import { storeError } from '@kidjamo/connector-postgres';
import type { Clock } from '@kidjamo/stream';
import type { Pool } from 'pg';

import type { Intake } from './intake.ts';
import type { MessageIntake, MessageOutcome } from './message-intake.ts';
import type { GatewayMetrics } from './metrics.ts';
import type { Item, ParsedBody, Refusal } from './parse-body.ts';
import { isRefusal, parseBody, refuseFaults } from './parse-body.ts';
import type { Quarantine } from './quarantine.ts';
import { RecentMap } from './recent.ts';

/** What became of a message; all of it is durable. */
export type MqttVerdict = 'accepted' | 'quarantined' | 'rejected';

/** A message of a device. */
export interface MqttMessage {
  /** As the topic names it. */
  readonly device: string;
  readonly channel: 'vitals' | 'status';
  /** As received. */
  readonly payload: Buffer;
}

/** What the way in stands on. */
export interface MqttMessageParts {
  readonly intake: Intake;
  readonly messages: MessageIntake;
  readonly quarantine: Quarantine;
  readonly metrics: GatewayMetrics;
  readonly pool: Pool;
  readonly clock: Clock;
}

/** Devices whose patient is remembered, for the day on which they are cut off: at least this many. */
const REMEMBERED = 10_000;

export class MqttMessages {
  readonly #parts: MqttMessageParts;
  readonly #patients = new RecentMap<string>(REMEMBERED);

  constructor(parts: MqttMessageParts) {
    this.#parts = parts;
  }

  /**
   * Takes a message; nothing in it makes it throw.
   * @throws KidjamoError OVERLOADED, LOG_UNAVAILABLE, LOG_FULL, STORE_UNAVAILABLE or DISK_FULL, all retryable, when it cannot be kept now.
   */
  async take(message: MqttMessage): Promise<MqttVerdict> {
    const batches = message.channel === 'vitals';
    const parsed = parseBody(message.payload, batches);
    if (isRefusal(parsed)) return this.#refuse(message, parsed);
    const items = parsed.items.map((item) => ofDevice(item, message.device));
    return batches ? this.#readings(message.device, { ...parsed, items }) : this.#status(items);
  }

  /**
   * Keeps that a device was cut off: its last will with the time of the loss, or a status of ours when it left none. A device of which
   * nobody knows the patient has nothing that could be told.
   * @throws KidjamoError as {@link take}.
   */
  async lost({ device, will }: { readonly device: string; readonly will?: Buffer }): Promise<void> {
    const timestamp = new Date(this.#parts.clock.now()).toISOString();
    const said = will === undefined ? undefined : parseBody(will, false);
    if (will !== undefined && said !== undefined) {
      const members = willMembers(said, device);
      if (members !== undefined) {
        const verdict = await this.#status([itemOf({ ...members, timestamp, status: 'offline' })]);
        if (verdict !== 'rejected') return;
      } else {
        await this.#refuse({ device, channel: 'status', payload: will }, isRefusal(said) ? said : WRONG_WILL);
      }
    }
    const patient = this.#patients.get(device) ?? (await this.#assigned(device));
    if (patient === undefined) return;
    await this.#status([itemOf({ device_id: device, patient_id: patient, timestamp, status: 'offline' })]);
  }

  async #readings(device: string, { items }: ParsedBody): Promise<MqttVerdict> {
    const { intake, metrics, clock } = this.#parts;
    const transport = { source: 'cloud', received: clock.now(), correlation: randomUUID(), imported: false } as const;
    const outcomes = await intake.take({ format: 'cloud', items, transport });
    metrics.countReadings('cloud', outcomes);
    outcomes.forEach(({ status }, i) => {
      const patient = status === 'rejected' ? undefined : memberOf(items[i]?.value, 'patient_id');
      if (patient !== undefined) this.#patients.set(device, patient);
    });
    if (outcomes.every(({ status }) => status === 'rejected')) return 'rejected';
    return outcomes.every(({ status }) => status === 'accepted' || status === 'duplicate') ? 'accepted' : 'quarantined';
  }

  async #status([item]: readonly Item[]): Promise<MqttVerdict> {
    if (item === undefined) return 'rejected';
    const { messages, metrics, clock } = this.#parts;
    const outcome: MessageOutcome = await messages.status({ item, received: clock.now(), correlation: randomUUID() });
    metrics.countItem('device_status', outcome.status);
    const [device, patient] = [memberOf(item.value, 'device_id'), memberOf(item.value, 'patient_id')];
    if (outcome.status === 'rejected') return 'rejected';
    if (device !== undefined && patient !== undefined) this.#patients.set(device, patient);
    return outcome.status === 'accepted' ? 'accepted' : 'quarantined';
  }

  async #refuse({ channel, payload }: MqttMessage, { reason, detail, faults }: Refusal): Promise<MqttVerdict> {
    const { quarantine, metrics, clock } = this.#parts;
    const source = channel === 'vitals' ? 'cloud' : 'device_status';
    const field = faults?.[0]?.pointer;
    await quarantine.keep({
      reason,
      detail,
      source,
      payload,
      received: clock.now(),
      correlation: randomUUID(),
      ...(field === undefined ? {} : { field }),
    });
    metrics.countItem(source, 'rejected');
    return 'rejected';
  }

  /** The patient that a person assigned the device to, by a name that the formats take. */
  async #assigned(device: string): Promise<string | undefined> {
    try {
      const { rows } = await this.#parts.pool.query<{ patient: string }>(
        `SELECT coalesce(p.external_id, p.patient_id::text) AS patient
           FROM devices d JOIN device_assignments a USING (device_id) JOIN patients p USING (patient_id)
          WHERE d.external_id = $1 OR d.device_id::text = lower($1)`,
        [device],
      );
      return rows[0]?.patient;
    } catch (error) {
      throw storeError(error);
    }
  }
}

const WRONG_WILL = refuseFaults([{ pointer: '/device_id', detail: 'must be the device of the topic, in an object' }]);

/** The members of a last will that speaks of its own device. */
function willMembers(said: ParsedBody | Refusal, device: string): object | undefined {
  if (isRefusal(said)) return undefined;
  const [item] = said.items;
  if (item === undefined || item.refusal !== undefined || memberOf(item.value, 'device_id') !== device) return undefined;
  return typeof item.value === 'object' && item.value !== null && memberOf(item.value, 'patient_id') !== undefined ? item.value : undefined;
}

/** The item, refused when its body names another device than its topic does. */
function ofDevice(item: Item, device: string): Item {
  const named = memberOf(item.value, 'device_id');
  // One without a device is refused by its format, which says so better.
  if (item.refusal !== undefined || named === undefined || named === device) return item;
  return { ...item, refusal: refuseFaults([{ pointer: '/device_id', detail: 'must be the device that the topic names' }]) };
}

function itemOf(value: object): Item {
  return { value, bytes: () => Buffer.from(JSON.stringify(value)) };
}

function memberOf(value: unknown, name: string): string | undefined {
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return undefined;
  const member: unknown = (value as Readonly<Record<string, unknown>>)[name];
  return typeof member === 'string' ? member : undefined;
}
