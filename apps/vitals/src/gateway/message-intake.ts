/** Takes alerts of people and statuses of devices in: one per request, each kept in the log or, when it must wait, in quarantine. */

import { randomUUID } from 'node:crypto';

import type { NewRecord } from '@kidjamo/stream';

import { AlertBody } from '../contracts/formats/alert.ts';
import { DeviceStatusBody } from '../contracts/formats/device-status.ts';
import { partitionOf } from '../contracts/partition.ts';
import type { DeviceStatus, ManualAlert, Severity } from '../contracts/reading.ts';
import { deterministicId } from '../domain/ids.ts';
import { TIMESTAMP_FAULT } from './draft.ts';
import { canonicalExtra, collectUnknown } from './extra.ts';
import type { Members } from './extra.ts';
import { HOLDS, sourceText, untimely } from './intake.ts';
import type { IntakeParts } from './intake.ts';
import type { Item, Refusal } from './parse-body.ts';
import { refuseFaults } from './parse-body.ts';
import type { QuarantineReason } from './quarantine.ts';
import { digestOf } from './reading-record.ts';
import { parseTimestamp } from './timestamp.ts';
import { compileFormat } from './validation.ts';

const alerts = compileFormat(AlertBody);
const statuses = compileFormat(DeviceStatusBody);
const ALERT_NAMES = new Set(Object.keys(AlertBody.properties));
const STATUS_NAMES = new Set(Object.keys(DeviceStatusBody.properties));

/** The severities of the format, in the order in which they map to those inside. */
const SEVERITY: Readonly<Record<AlertBody['severity'], Severity>> = { low: 'info', medium: 'warn', high: 'alert', critical: 'critical' };

/** What became of a message. */
export type MessageOutcome =
  | { readonly status: 'accepted'; readonly id: string }
  | { readonly status: 'quarantined' | 'conflict'; readonly id: string; readonly reason: QuarantineReason }
  | { readonly status: 'rejected'; readonly refusal: Refusal };

/** A message as it came. */
export interface MessageRequest {
  readonly item: Item;
  readonly received: number;
  readonly correlation: string;
  /** Id of the Idempotency-Key that came with it. */
  readonly key?: string;
}

/** Where a message comes from. */
export type MessageSource = 'alert' | 'device_status';

/** A message ready for the log. */
export interface PreparedMessage {
  readonly source: MessageSource;
  readonly id: string;
  readonly digest: string;
  readonly patient: string;
  readonly device?: string;
  /** Why its time makes it wait. */
  readonly untimely: 'timestamp_future' | 'timestamp_old' | undefined;
  /** Why its identities make it wait. */
  readonly waits: 'unknown_patient' | 'unassigned_device' | undefined;
  readonly record: ManualAlert | DeviceStatus;
}

export class MessageIntake {
  readonly #parts: IntakeParts;

  constructor(parts: IntakeParts) {
    this.#parts = parts;
  }

  /**
   * Takes an alert. Sent again with its Idempotency-Key, or with the same timestamp and body, it has the same id.
   * @throws KidjamoError as {@link Intake.take}.
   */
  alert(request: MessageRequest): Promise<MessageOutcome> {
    return this.#take('alert', request);
  }

  /**
   * Takes a device status.
   * @throws KidjamoError as {@link Intake.take}.
   */
  status(request: MessageRequest): Promise<MessageOutcome> {
    return this.#take('device_status', request);
  }

  /**
   * A message as it would be taken, or why it would be refused. Keeps nothing.
   * @throws KidjamoError STORE_UNAVAILABLE or OVERLOADED.
   */
  prepare(source: MessageSource, request: MessageRequest): Promise<PreparedMessage | Refusal> {
    const { refusal } = request.item;
    if (refusal !== undefined) return Promise.resolve(refusal);
    return source === 'alert' ? this.#prepareAlert(request) : this.#prepareStatus(request);
  }

  async #take(source: MessageSource, request: MessageRequest): Promise<MessageOutcome> {
    const prepared = await this.prepare(source, request);
    return 'source' in prepared ? this.#keep(request, prepared) : this.#reject(source, request, prepared);
  }

  async #prepareAlert({ item, received, correlation, key }: MessageRequest): Promise<PreparedMessage | Refusal> {
    const body = item.value;
    if (!alerts.check(body)) return refuseFaults(alerts.faults(body));
    const given = typeof body.timestamp === 'string' ? parseTimestamp(body.timestamp) : undefined;
    if (Number.isNaN(given)) return refuseFaults(TIMESTAMP_FAULT);
    const at = given ?? received;
    const known = await this.#parts.identities.patient(body.patient_id);
    const patient = known ?? this.#parts.identities.standIn(body.patient_id);
    const vitals = body.measurements ? canonicalExtra(body.measurements) : undefined;
    const extra = unknownMembers(body, ALERT_NAMES);
    const digest = digestOf(
      JSON.stringify([patient, body.alert_type, body.severity, body.message, given ?? null, vitals ?? null, extra ?? null]),
    );
    const id = alertId({ key, digest, dated: given !== undefined });
    return {
      source: 'alert',
      id,
      digest,
      patient,
      untimely: untimely(at, { received, imported: true }),
      waits: known === undefined ? 'unknown_patient' : undefined,
      record: {
        kind: 'manual_alert',
        id,
        patient,
        received,
        correlation,
        digest,
        at,
        alert_type: body.alert_type,
        severity: SEVERITY[body.severity],
        message: body.message,
        ...(vitals === undefined ? {} : { vitals }),
        ...(extra === undefined ? {} : { extra }),
      },
    };
  }

  async #prepareStatus({ item, received, correlation }: MessageRequest): Promise<PreparedMessage | Refusal> {
    const body = item.value;
    if (!statuses.check(body)) return refuseFaults(statuses.faults(body));
    const at = parseTimestamp(body.timestamp);
    if (Number.isNaN(at)) return refuseFaults(TIMESTAMP_FAULT);
    const [resolved] = await this.#parts.identities.resolve([{ patient: body.patient_id, device: body.device_id }]);
    if (resolved === undefined) return refuseFaults([]);
    const { patient, device, waits } = resolved;
    const content = { ...statusContent(body), ...optional('extra', unknownMembers(body, STATUS_NAMES)) };
    const digest = digestOf(patient + JSON.stringify(content));
    const id = deterministicId('device_status', device, Math.round(at * 1000));
    return {
      source: 'device_status',
      id,
      digest,
      patient,
      device,
      untimely: untimely(at, { received, imported: false }),
      waits,
      record: { kind: 'device_status', id, patient, received, correlation, digest, device, at, ...content },
    };
  }

  async #keep(request: MessageRequest, message: PreparedMessage): Promise<MessageOutcome> {
    const { keys, queue, partitions } = this.#parts;
    const { id } = message;
    if (request.key !== undefined && !(await keys.claim({ id: request.key, digest: message.digest }))) {
      await this.#quarantine(request, message, 'idempotency_conflict');
      return { status: 'conflict', id, reason: 'idempotency_conflict' };
    }
    const reason = message.untimely ?? message.waits;
    if (reason !== undefined) {
      await this.#quarantine(request, message, reason);
      return { status: 'quarantined', id, reason };
    }
    await queue.append([messageRecord(message, partitions)]);
    return { status: 'accepted', id };
  }

  async #quarantine({ item, received, correlation }: MessageRequest, message: PreparedMessage, reason: QuarantineReason): Promise<void> {
    await this.#parts.quarantine.keep({
      ...HOLDS[reason],
      reason,
      source: sourceText(message.source, false),
      ...(reason === 'unknown_patient' ? {} : { patient: message.patient }),
      ...optional('device', message.device),
      payload: item.bytes(),
      received,
      correlation,
    });
  }

  async #reject(source: MessageSource, { item, received, correlation }: MessageRequest, refusal: Refusal): Promise<MessageOutcome> {
    const { reason, detail, faults } = refusal;
    const field = optional('field', faults?.[0]?.pointer);
    await this.#parts.quarantine.keep({ source, reason, detail, ...field, payload: item.bytes(), received, correlation });
    return { status: 'rejected', refusal };
  }
}

/** The record of a message. */
export function messageRecord({ patient, record }: PreparedMessage, partitions: number): NewRecord {
  return { partition: partitionOf(patient, partitions), key: patient, value: JSON.stringify(record) };
}

function alertId({ key, digest, dated }: { key: string | undefined; digest: string; dated: boolean }): string {
  if (key !== undefined) return deterministicId('alert', key, digest);
  // Without key and time nothing tells a second alert from a repetition; a repetition is the lesser harm.
  return dated ? deterministicId('alert', digest) : randomUUID();
}

function unknownMembers(body: object, known: ReadonlySet<string>): Members | undefined {
  const unknown = collectUnknown(body, known, undefined);
  return unknown === undefined ? undefined : canonicalExtra(unknown);
}

function statusContent(body: DeviceStatusBody): Partial<Pick<DeviceStatus, 'battery' | 'signal' | 'status' | 'firmware' | 'error_code'>> {
  return {
    ...optional('battery', body.battery_level ?? undefined),
    ...optional('signal', body.signal_strength ?? undefined),
    ...optional('status', body.status ?? undefined),
    ...optional('firmware', body.firmware_version ?? undefined),
    ...optional('error_code', body.error_code ?? undefined),
  };
}

/** An object with one member, or none. */
function optional<N extends string, V>(name: N, value: V | undefined): { [name in N]?: V } {
  return (value === undefined ? {} : { [name]: value }) as { [name in N]?: V };
}
