/** Records of the output logs as messages of the public topics. */

import type { LogRecord } from '@kidjamo/stream';
import Type from 'typebox';
import type { TSchema } from 'typebox';

import { LOGS } from '../contracts/logs.ts';
import type { AlertOut, DeviceStatusOut, ErrorOut, ReadingOut } from '../contracts/outputs.ts';
import type { Vital } from '../contracts/reading.ts';
import { VITALS } from '../contracts/reading.ts';
import { microseconds } from '../gateway/timestamp.ts';
import { compileFormat } from '../gateway/validation.ts';
import type { Format } from '../gateway/validation.ts';
import { CODE, VERSION } from '../pipeline/lake/tables.ts';
import type { TopicIdentities } from './identities.ts';
import { API_VERSION, HEADERS, SCHEMA_VERSIONS, TOPICS } from './names.ts';
import type { TopicMessage } from './names.ts';
import { AlertMessage, DeviceStatusMessage, ErrorMessage, ReadingMessage } from './schemas.ts';

/** A record that has no place on the topic, and why; no values of it. */
export interface Unfit {
  readonly refuse: string;
}

/** Encodes a record of one output log. Never throws. */
export type OutputEncoder = (record: Pick<LogRecord, 'value' | 'time'>) => TopicMessage | Unfit;

/** What is read of each record before anything else; what the messages hold is checked again when they are made. */
const Moment = Type.Number({ minimum: -8.64e15, maximum: 8.64e15 });
const Name = Type.String({ minLength: 1 });
const Names = Type.Array(Type.String());
const COMMON = { patient_id: Name, correlation: Name };
const reading = compileFormat(
  Type.Object({
    ...COMMON,
    message_id: Name,
    device_id: Name,
    recorded_at: Moment,
    received_at: Moment,
    breaches: Names,
    quality: Names,
  }),
);
const alert = compileFormat(
  Type.Object({
    ...COMMON,
    alert_id: Name,
    device_id: Type.Optional(Name),
    recorded_at: Moment,
    created_at: Moment,
    reasons: Names,
    measurements: Type.Object({}),
    context: Type.Object({}),
  }),
);
const deviceStatus = compileFormat(Type.Object({ ...COMMON, message_id: Name, device_id: Name, recorded_at: Moment }));
const error = compileFormat(Type.Object({ ...COMMON, message_id: Name, device_id: Type.Optional(Name), created_at: Moment }));

/** The four ways from a log to a topic. */
export const OUTPUT_TOPICS = [
  { log: LOGS.readings, topic: TOPICS.measurements, schema: ReadingMessage },
  { log: LOGS.alerts, topic: TOPICS.alerts, schema: AlertMessage },
  { log: LOGS.deviceStatus, topic: TOPICS.deviceStatus, schema: DeviceStatusMessage },
  { log: LOGS.errors, topic: TOPICS.errors, schema: ErrorMessage },
] as const;

/** The encoders by the log whose records they take. */
export function outputEncoders(identities: TopicIdentities): Readonly<Record<(typeof OUTPUT_TOPICS)[number]['log'], OutputEncoder>> {
  return {
    [LOGS.readings]: encoder<ReadingOut, ReadingMessage>(reading, ReadingMessage, (out) => readingMessage(out, identities)),
    [LOGS.alerts]: encoder<AlertOut, AlertMessage>(alert, AlertMessage, (out) => alertMessage(out, identities)),
    [LOGS.deviceStatus]: encoder<DeviceStatusOut, DeviceStatusMessage>(deviceStatus, DeviceStatusMessage, (out, time) =>
      statusMessage(out, time, identities),
    ),
    [LOGS.errors]: encoder<ErrorOut, ErrorMessage>(error, ErrorMessage, (out) => errorMessage(out, identities)),
  };
}

/** Members that every message has. */
interface Enveloped {
  readonly message_id: string;
  readonly correlation_id: string;
  readonly schema_version: string;
}

/** The value, or undefined when it is no JSON. */
function parse(value: string): unknown {
  try {
    return JSON.parse(value);
  } catch {
    // The parser's message quotes the text.
    return undefined;
  }
}

function encoder<Out extends object, M extends Enveloped>(
  basis: Format<TSchema>,
  schema: TSchema,
  make: (out: Out, time: number) => { readonly key: string; readonly body: M },
): OutputEncoder {
  const format = compileFormat(schema);
  return ({ value, time }) => {
    const out = parse(value);
    if (!basis.check(out)) return unfit('the record', basis.faults(out));
    const { key, body } = make(out as Out, time);
    const fits: boolean = format.check(body);
    if (!fits) return unfit('the message', format.faults(body));
    const headers = {
      [HEADERS.schema]: body.schema_version,
      [HEADERS.messageId]: body.message_id,
      [HEADERS.correlation]: body.correlation_id,
    };
    return { key, value: JSON.stringify(body), headers };
  };
}

function unfit(what: string, [first]: readonly { readonly pointer: string; readonly detail: string }[]): Unfit {
  return {
    refuse: first === undefined ? `${what} does not fit the topic` : `${what} does not fit the topic: ${first.pointer} ${first.detail}`,
  };
}

type Made<M> = { readonly key: string; readonly body: M };

function readingMessage(out: ReadingOut, identities: TopicIdentities): Made<ReadingMessage> {
  const patient = identities.pseudonym(out.patient_id);
  const device = identities.pseudonym(out.device_id);
  const body: ReadingMessage = {
    message_id: identities.id('message', out.message_id),
    ingestion_timestamp: microseconds(out.received_at),
    api_version: API_VERSION,
    schema_version: SCHEMA_VERSIONS.reading,
    correlation_id: identities.id('correlation', out.correlation),
    device_id: device,
    patient_id: patient,
    timestamp: microseconds(out.recorded_at),
    measurements: french(out),
    device_info: {
      device_id: device,
      firmware_version: like(FIRMWARE, out.firmware),
      battery_level: out.battery ?? null,
      signal_strength: out.signal ?? null,
      status: null,
      last_sync: null,
    },
    quality_indicators: {
      quality_flag: out.quality_flag,
      confidence_score: out.confidence ?? null,
      data_completeness: out.completeness ?? null,
      sensor_contact_quality: out.contact ?? null,
    },
    enrichment: {
      age_band: out.age_band,
      genotype: (out.genotype ?? null) as ReadingMessage['enrichment']['genotype'],
      heat_index_computed: out.heat_index_computed ?? null,
      heat_index_method: out.heat_index_method ?? null,
      hydration_index: out.hydration_index ?? null,
      breaches: [...out.breaches],
      quality_codes: [...out.quality],
      low_confidence: out.low_confidence,
      late: out.late,
      imported: out.imported,
      source: out.source,
    },
  };
  return { key: patient, body };
}

/** The scale on which alerts by hand came in, and on which existing consumers know them. */
const MANUAL = { info: 'low', warn: 'medium', alert: 'high', critical: 'critical' } as const;

function alertMessage(out: AlertOut, identities: TopicIdentities): Made<AlertMessage> {
  const patient = identities.pseudonym(out.patient_id);
  const id = identities.id('message', out.alert_id);
  const manual = out.source === 'manual';
  const { context } = out;
  const body: AlertMessage = {
    message_id: id,
    ingestion_timestamp: microseconds(out.created_at),
    api_version: API_VERSION,
    schema_version: SCHEMA_VERSIONS.alert,
    correlation_id: identities.id('correlation', out.correlation),
    alert_id: id,
    patient_id: patient,
    patient_id_hash: patient,
    device_id: out.device_id === undefined ? null : identities.pseudonym(out.device_id),
    alert_type: out.alert_type,
    severity: manual ? MANUAL[out.severity] : out.severity,
    severity_level: out.severity,
    reasons: manual ? [out.alert_type] : [...out.reasons],
    // A person may write a name. The task passes no such text on; should that change, this topic still does not.
    message: manual ? 'Raised by a person or another system.' : out.message,
    timestamp: microseconds(out.recorded_at),
    measurements: french(out.measurements),
    quality_score: out.quality_score ?? null,
    context: {
      age_band: textOf(context['age_band']),
      age_known: typeof context['age_known'] === 'boolean' ? context['age_known'] : null,
      rule_version: textOf(context['rule_version']),
      limit: textOf(context['limit']),
      tags: Array.isArray(context['tags']) ? context['tags'].filter((tag) => typeof tag === 'string') : [],
      imported: context['imported'] === true,
    },
    retrospective: out.retrospective,
    uncertain: out.uncertain,
    source: out.source,
  };
  return { key: patient, body };
}

function statusMessage(out: DeviceStatusOut, time: number, identities: TopicIdentities): Made<DeviceStatusMessage> {
  const patient = identities.pseudonym(out.patient_id);
  const body: DeviceStatusMessage = {
    message_id: identities.id('message', out.message_id),
    ingestion_timestamp: microseconds(time),
    api_version: API_VERSION,
    schema_version: SCHEMA_VERSIONS.deviceStatus,
    correlation_id: identities.id('correlation', out.correlation),
    patient_id: patient,
    device_id: identities.pseudonym(out.device_id),
    battery_level: out.battery_level ?? null,
    signal_strength: out.signal_strength ?? null,
    status: like(STATE, out.status),
    firmware_version: like(FIRMWARE, out.firmware_version),
    timestamp: microseconds(out.recorded_at),
    needs_attention: out.needs_attention,
  };
  return { key: patient, body };
}

function errorMessage(out: ErrorOut, identities: TopicIdentities): Made<ErrorMessage> {
  const patient = identities.pseudonym(out.patient_id);
  const body: ErrorMessage = {
    message_id: identities.id('message', out.message_id),
    ingestion_timestamp: microseconds(out.created_at),
    api_version: API_VERSION,
    schema_version: SCHEMA_VERSIONS.error,
    correlation_id: identities.id('correlation', out.correlation),
    error: out.error,
    patient_id_hash: patient,
    device_id: out.device_id === undefined ? null : identities.pseudonym(out.device_id),
    timestamp: microseconds(out.created_at),
    original_measurement: { masked: true },
  };
  return { key: patient, body };
}

/** The members of `measurements`, by vital sign. */
const FRENCH = {
  heart_rate: 'freq_card',
  resp_rate: 'freq_resp',
  spo2: 'spo2_pct',
  temperature: 'temp_corp',
  ambient_temp: 'temp_ambiente',
  hydration: 'pct_hydratation',
  activity: 'activity',
  heat_index: 'heat_index',
  pain: 'pain_scale',
} as const satisfies Record<Vital, keyof ReadingMessage['measurements']>;

/** Vital signs under the names of the topics. Only those: an alert by hand may name its measurements as it likes, after a person too. */
function french(vitals: Readonly<Record<string, unknown>> | ReadingOut): ReadingMessage['measurements'] {
  const given: Readonly<Record<string, unknown>> = { ...vitals };
  const found: Record<string, number | null> = {};
  for (const vital of VITALS) {
    const name = FRENCH[vital];
    const canonical = given[vital];
    if (typeof canonical === 'number') found[name] = name === 'activity' ? percent(canonical) : canonical;
    else found[name] = typeof given[name] === 'number' ? given[name] : null;
  }
  // Every name of FRENCH has been set.
  return found as ReadingMessage['measurements'];
}

/** 0-10 as 0-100, without the noise of binary fractions. */
function percent(tenth: number): number {
  return Number((tenth * 10).toPrecision(12));
}

const STATE = new RegExp(`^${CODE}$`);
const FIRMWARE = new RegExp(`^${VERSION}$`);

/** What a device sent where a code is expected, or null when it is something else: a name of a person, maybe. */
function like(pattern: RegExp, text: unknown): string | null {
  return typeof text === 'string' && pattern.test(text) ? text : null;
}

function textOf(value: unknown): string | null {
  return typeof value === 'string' ? value : null;
}
