/**
 * The messages of the public topics: structure of the reference systems (A6) with members added. A member without value is null, never
 * left out and never a made-up value. The type, the check before a message is written, and the AsyncAPI document come from here.
 */

import Type from 'typebox';
import type { TSchema } from 'typebox';

import { GENOTYPES, SEVERITIES, SOURCES } from '../contracts/reading.ts';
import { API_VERSION, PSEUDONYM, SCHEMA_VERSIONS } from './names.ts';

/** A code, as `connected`: neither a sentence nor a UUID. */
const Code = (description: string) => Type.String({ pattern: '^[A-Za-z][A-Za-z0-9_.-]{0,63}$', description });
const Text = (description: string) => Type.String({ maxLength: 512, description });
const orNull = <S extends TSchema>(schema: S) => Type.Union([schema, Type.Null()]);
const Value = (description: string) => Type.Union([Type.Number(), Type.Null()], { description });
const literals = <T extends string>(values: readonly T[], description: string) => Type.Enum([...values], { description });

const Pseudonym = (what: string) =>
  Type.String({ pattern: PSEUDONYM, description: `Pseudonym of the ${what}: id of the key, a dot, HMAC-SHA-256 in base64url` });
const Patient = Pseudonym('patient');
const Device = Pseudonym('device');
const Time = (description: string) =>
  Type.String({
    pattern: '^[+-]?\\d{4,6}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d\\.\\d{6}Z$',
    description: `${description}; UTC, microseconds`,
  });
const Uuid = (description: string) =>
  Type.String({ pattern: '^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$', description });
const CLOSED = { additionalProperties: false } as const;

const envelope = <V extends string>(schema: V) => ({
  message_id: Uuid('Always the same for the same thing: what is read twice can be told by it'),
  ingestion_timestamp: Time('When Kidjamo took it in'),
  api_version: Type.Literal(API_VERSION),
  schema_version: Type.Literal(schema),
  correlation_id: Uuid('The same for all that came of one request'),
});

const VITAL_MEMBERS = {
  freq_card: Value('Heart rate, /min'),
  freq_resp: Value('Respiratory rate, /min'),
  spo2_pct: Value('Oxygen saturation, %'),
  temp_corp: Value('Body temperature, Cel'),
  temp_ambiente: Value('Ambient temperature, Cel'),
  pct_hydratation: Value('Hydration, %'),
  activity: Value('Activity, 0-100'),
  heat_index: Value('Heat index as the device computed it, Cel'),
  pain_scale: Value('Pain, 0-10'),
};

/** A reading on `kidjamo-iot-measurements`. */
export const ReadingMessage = Type.Object(
  {
    ...envelope(SCHEMA_VERSIONS.reading),
    device_id: Device,
    patient_id: Patient,
    timestamp: Time('When it was measured'),
    measurements: Type.Object(VITAL_MEMBERS, CLOSED),
    device_info: Type.Object(
      {
        device_id: Device,
        firmware_version: orNull(Text('Firmware version')),
        battery_level: Value('Battery, 0-100'),
        signal_strength: Value('Signal, 0-100'),
        status: Type.Null({ description: 'States of devices are on kidjamo-iot-device-status' }),
        last_sync: Type.Null({ description: 'Not passed on' }),
      },
      CLOSED,
    ),
    quality_indicators: Type.Object(
      {
        quality_flag: Code('The gravest quality code, ok when there is none'),
        confidence_score: Value('Confidence that the device gives, 0-100'),
        data_completeness: Value('Completeness that the device gives, 0-100'),
        sensor_contact_quality: Value('Contact of the sensor, 0-100'),
      },
      CLOSED,
    ),
    enrichment: Type.Object(
      {
        age_band: Code('Age band G1-G6 of the limits'),
        genotype: orNull(literals(GENOTYPES, 'Genotype')),
        heat_index_computed: Value('Heat index that Kidjamo computed, Cel'),
        heat_index_method: orNull(Code('How it was computed')),
        hydration_index: Value('Hydration index that Kidjamo computed, 0-100'),
        breaches: Type.Array(Code('Floor'), { description: 'Floors that the reading breaches' }),
        quality_codes: Type.Array(Code('Quality code'), { description: 'All quality codes' }),
        low_confidence: Type.Boolean({ description: 'Whether it counts as of low confidence' }),
        late: Type.Boolean({ description: 'Whether it came late' }),
        imported: Type.Boolean({ description: 'Whether it is history that was imported' }),
        source: literals(SOURCES, 'The format that it came in'),
      },
      CLOSED,
    ),
  },
  { title: 'Reading', ...CLOSED },
);
export type ReadingMessage = Type.Static<typeof ReadingMessage>;

/** Severity words of alerts raised by hand, as existing consumers know them. */
const MANUAL_SEVERITIES = ['low', 'medium', 'high', 'critical'] as const;

/** An alert on `kidjamo-iot-alerts`. */
export const AlertMessage = Type.Object(
  {
    ...envelope(SCHEMA_VERSIONS.alert),
    alert_id: Uuid('Id of the alert on topics; the same as message_id'),
    patient_id: Patient,
    patient_id_hash: Type.String({ pattern: PSEUDONYM, description: 'The same as patient_id' }),
    device_id: orNull(Device),
    alert_type: Code('Type, as CRITICAL_SPO2'),
    severity: literals(
      [...new Set([...SEVERITIES, ...MANUAL_SEVERITIES])],
      'info, warn, alert or critical; of alerts raised by hand low, medium, high or critical',
    ),
    severity_level: literals(SEVERITIES, 'The same on one scale, whatever the source'),
    reasons: Type.Array(Text('A limit that was breached, with the values')),
    message: Text('What the rule says, in English. What a person wrote is not passed on'),
    timestamp: Time('When the reading that raised it was measured'),
    measurements: Type.Object(VITAL_MEMBERS, CLOSED),
    quality_score: Value('Confidence that the device gave, 0-100'),
    context: Type.Object(
      {
        age_band: orNull(Code('Age band of the limits')),
        age_known: orNull(Type.Boolean({ description: 'False when the band is assumed' })),
        rule_version: orNull(Text('Version of the rule')),
        limit: orNull(Text('The limit, as a person reads it')),
        tags: Type.Array(Text('Tag')),
        imported: Type.Boolean({ description: 'Whether it is about history that was imported' }),
      },
      CLOSED,
    ),
    retrospective: Type.Boolean({ description: 'About late data; it pages nobody' }),
    uncertain: Type.Boolean({ description: 'Raised by a reading that is not stored' }),
    source: literals(['engine', 'manual'], 'Who raised it'),
  },
  { title: 'Alert', ...CLOSED },
);
export type AlertMessage = Type.Static<typeof AlertMessage>;

/** A status on `kidjamo-iot-device-status`. */
export const DeviceStatusMessage = Type.Object(
  {
    ...envelope(SCHEMA_VERSIONS.deviceStatus),
    patient_id: Patient,
    device_id: Device,
    battery_level: Value('Battery, 0-100'),
    signal_strength: Value('Signal, 0-100'),
    status: orNull(Code('State, as connected; null too when the device sent something else than a code')),
    firmware_version: orNull(Text('Firmware version; null too when it does not look like one')),
    timestamp: Time('When the device was in that state'),
    needs_attention: Type.Boolean({ description: 'Battery below 20, signal below 50, or a state other than connected' }),
  },
  { title: 'DeviceStatus', ...CLOSED },
);
export type DeviceStatusMessage = Type.Static<typeof DeviceStatusMessage>;

/** A fault on `kidjamo-iot-errors`. */
export const ErrorMessage = Type.Object(
  {
    ...envelope(SCHEMA_VERSIONS.error),
    error: Code('Why it waits in quarantine'),
    patient_id_hash: Patient,
    device_id: orNull(Device),
    timestamp: Time('When the fault was found'),
    original_measurement: Type.Object(
      { masked: Type.Literal(true, { description: 'What came is kept encrypted in quarantine, and never passed on' }) },
      CLOSED,
    ),
  },
  { title: 'Error', ...CLOSED },
);
export type ErrorMessage = Type.Static<typeof ErrorMessage>;
