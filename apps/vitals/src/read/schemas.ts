/** What the read API takes and answers. One schema gives the type, the validation and the OpenAPI document. */

import { Type } from 'typebox';
import type { Static, TSchema } from 'typebox';

import { ALERT_STATUSES, GENOTYPES, SEVERITIES, SOURCES, VITALS } from '../contracts/reading.ts';
import type { Vital } from '../contracts/reading.ts';
import { DEFAULT_LIMIT, MAX_LIMIT } from './paging.ts';

const nullable = <T extends TSchema>(schema: T) => Type.Union([schema, Type.Null()]);
const choice = <const T extends readonly string[]>(values: T, options: { description?: string } = {}) =>
  Type.Unsafe<T[number]>(Type.Enum([...values], options));
const uuid = () => Type.String({ format: 'uuid' });
const time = () => Type.String({ format: 'date-time', description: 'ISO 8601, UTC, microseconds' });
const number = (description: string) => nullable(Type.Number({ description }));
const text = () => nullable(Type.String());

const timeParameter = (description: string) =>
  Type.Optional(
    Type.String({ maxLength: 50, description: `${description} ISO 8601; without a zone it is UTC; a date is its first instant.` }),
  );

const paging = {
  limit: Type.Optional(Type.Integer({ minimum: 1, maximum: MAX_LIMIT, default: DEFAULT_LIMIT, description: 'Rows on a page.' })),
  cursor: Type.Optional(Type.String({ minLength: 1, maxLength: 1000, description: 'next_cursor of the page before.' })),
};
const strict = { additionalProperties: false };

export const PageQuery = Type.Object(paging, strict);

export const RangeQuery = Type.Object(
  { ...paging, from: timeParameter('Earliest event time, included.'), to: timeParameter('Latest event time, not included.') },
  strict,
);

export const ALERT_FILTERS = ['open', 'all'] as const;
const alertFilters = {
  status: Type.Optional(choice(ALERT_FILTERS, { description: 'open: only those not resolved. Without it, all.' })),
  severity: Type.Optional(choice(SEVERITIES)),
  since: timeParameter('Earliest creation, included.'),
};
export const AlertQuery = Type.Object(
  {
    ...paging,
    ...alertFilters,
    patient: Type.Optional(Type.String({ minLength: 1, maxLength: 500, description: 'UUID or external id.' })),
  },
  strict,
);
export const PatientAlertQuery = Type.Object({ ...paging, ...alertFilters }, strict);

export const QuarantineQuery = Type.Object({ ...paging, status: Type.Optional(choice(['held', 'released', 'discarded'])) }, strict);

export const DeadLetterQuery = Type.Object({ ...paging, status: Type.Optional(choice(['held', 'replayed', 'discarded'])) }, strict);

export const PatientParams = Type.Object({ id: Type.String({ minLength: 1, description: 'UUID or external id.' }) });

/** A patient as known to the store. */
export const Patient = Type.Object({
  patient_id: uuid(),
  external_id: text(),
  genotype: nullable(choice(GENOTYPES)),
  birth_date: nullable(Type.String({ format: 'date' })),
  age_band: nullable(Type.String({ description: 'G1-G6 by completed years; null while the birth date is unknown.' })),
  provisional: Type.Boolean({ description: 'Enrolled by itself from a reading.' }),
  created_at: time(),
  updated_at: time(),
});

/** Vital signs of a reading. Null means not measured. */
export const VITAL_FIELDS = {
  heart_rate_bpm: number('/min'),
  respiratory_rate_min: number('/min'),
  spo2_percent: number('%'),
  temperature_celsius: number('Cel'),
  ambient_temp_celsius: number('Cel'),
  hydration_percent: number('%'),
  activity_level: number('0-10'),
  heat_index_celsius: number('Cel'),
  pain_scale: number('0-10'),
};

/** A stored reading, graded and enriched. */
export const Measurement = Type.Object({
  message_id: uuid(),
  patient_id: uuid(),
  device_id: uuid(),
  recorded_at: time(),
  received_at: time(),
  ...VITAL_FIELDS,
  battery_percent: number('%'),
  signal_quality: number('0-100'),
  confidence_score: number('0-100'),
  data_completeness: number('0-100'),
  contact_quality: number('0-100'),
  quality_flag: Type.String(),
  quality_codes: Type.Array(Type.String()),
  breaches: Type.Array(Type.String(), { description: 'Codes of the floors that it breaches.' }),
  low_confidence: Type.Boolean(),
  late: Type.Boolean(),
  imported: Type.Boolean(),
  data_source: Type.String(),
  source: choice(SOURCES),
  firmware_version: text(),
  age_band: Type.String(),
  heat_index_computed: number('Cel'),
  hydration_index: number('%'),
  correlation_id: Type.String(),
});

const aggregate = () => nullable(Type.Number());
type WindowVitals = Record<`${Vital}_count`, ReturnType<typeof Type.Integer>> &
  Record<`${'avg' | 'min' | 'max'}_${Vital}`, ReturnType<typeof aggregate>>;

/** Aggregates of each vital sign in a window; null where it was never measured. */
export const WINDOW_VITALS = Object.fromEntries(
  VITALS.flatMap((vital) => [
    [`${vital}_count`, Type.Integer()],
    [`avg_${vital}`, aggregate()],
    [`min_${vital}`, aggregate()],
    [`max_${vital}`, aggregate()],
  ]),
) as WindowVitals;

/** A 5-minute window of a patient and device. Anomaly classes are null where there is none. */
export const Window = Type.Object({
  patient_id: uuid(),
  device_id: uuid(),
  window_start: time(),
  window_end: time(),
  measurement_count: Type.Integer(),
  ...WINDOW_VITALS,
  avg_quality: aggregate(),
  spo2_anomaly: text(),
  heart_rate_anomaly: text(),
  fever_alert: text(),
});

/** An alert. */
export const Alert = Type.Object({
  alert_id: uuid(),
  patient_id: nullable(uuid()),
  patient_external_id: text(),
  device_id: nullable(uuid()),
  alert_type: Type.String(),
  severity: choice(SEVERITIES),
  title: Type.String(),
  message: Type.String(),
  vitals_snapshot: Type.Record(Type.String(), Type.Unknown()),
  trigger_conditions: Type.Array(Type.String()),
  suggested_actions: Type.Array(Type.String()),
  tags: Type.Array(Type.String()),
  rule_version: text(),
  status: Type.String(),
  retrospective: Type.Boolean(),
  uncertain: Type.Boolean(),
  imported: Type.Boolean(),
  first_seen_at: time(),
  last_seen_at: time(),
  breach_count: Type.Integer(),
  created_at: time(),
  updated_at: time(),
  ack_deadline: nullable(time()),
  escalation_level: Type.Integer(),
  acknowledged_at: nullable(time()),
  acknowledged_by: nullable(uuid()),
  acknowledged_by_name: text(),
  snoozed_until: nullable(time()),
  resolved_at: nullable(time()),
  resolved_by: nullable(uuid()),
  auto_resolved: Type.Boolean(),
  created_by_system: Type.String(),
  related_measurement_id: nullable(uuid()),
  quarantine_id: nullable(uuid()),
  correlation_id: Type.String(),
});

/** Something that happened to an alert. */
export const AlertLogEntry = Type.Object({
  log_id: uuid(),
  status: Type.String({
    description:
      'What happened: created, confirmed, severity_changed, called, escalated, acknowledged, commented, snoozed, cleared, returned, resolved, auto_resolved, superseded, refused.',
  }),
  from_status: nullable(choice(ALERT_STATUSES)),
  to_status: nullable(choice(ALERT_STATUSES)),
  changed_at: time(),
  changed_by: nullable(uuid()),
  changed_by_name: text(),
  comment: text(),
  metadata: Type.Record(Type.String(), Type.Unknown()),
  action_id: nullable(uuid()),
});
export const AlertParams = Type.Object({ id: Type.String({ minLength: 1, description: 'The alert_id.' }) });

/** A payload in quarantine, without the payload. */
export const Quarantined = Type.Object({
  quarantine_id: uuid(),
  reason: Type.String(),
  field: text(),
  detail: Type.String(),
  source: Type.String(),
  status: Type.String(),
  device_id: nullable(uuid()),
  patient_id: nullable(uuid()),
  received_at: time(),
  released_at: nullable(time()),
  seen: Type.Integer(),
  correlation_id: Type.String(),
});

/** A record that a task or a sink could not process, without the record. */
export const DeadLetterOut = Type.Object({
  log: Type.String(),
  consumer_group: Type.String(),
  partition: Type.Integer(),
  record_offset: Type.Integer(),
  reason: Type.String(),
  status: choice(['held', 'replayed', 'discarded']),
  created_at: time(),
});

const bilingual = Type.Object({ fr: Type.String(), en: Type.String() });

/** A rule that raises alerts. */
export const Rule = Type.Object({
  code: Type.String({ description: 'The alert_type of its alerts, and the code in breaches.' }),
  version: Type.String(),
  severity: choice(SEVERITIES),
  vitals: Type.Array(Type.String(), { description: 'The members of a measurement that it reads.' }),
  limit: Type.String(),
  title: bilingual,
  message: bilingual,
  actions: Type.Array(bilingual),
});
export const RuleList = Type.Object({ items: Type.Array(Rule) });

/** A refusal, as `application/problem+json` (RFC 9457). */
export const Problem = Type.Object({
  type: Type.String({ description: 'urn:kidjamo:problem:<code>' }),
  title: Type.String(),
  status: Type.Integer(),
  detail: Type.Optional(Type.String()),
  parameter: Type.Optional(Type.String({ description: 'The parameter at fault' })),
});

/** A page of any list. */
export const pageOf = <T extends TSchema>(item: T) =>
  Type.Object({
    items: Type.Array(item),
    next_cursor: nullable(Type.String({ description: 'Pass as cursor for the next page; null on the last.' })),
  });

export type PageQuery = Static<typeof PageQuery>;
export type RangeQuery = Static<typeof RangeQuery>;
export type AlertQuery = Static<typeof AlertQuery>;
export type QuarantineQuery = Static<typeof QuarantineQuery>;
export type DeadLetterQuery = Static<typeof DeadLetterQuery>;
export type PatientParams = Static<typeof PatientParams>;
export type Patient = Static<typeof Patient>;
export type Measurement = Static<typeof Measurement>;
export type Window = Static<typeof Window>;
export type Alert = Static<typeof Alert>;
export type AlertLogEntry = Static<typeof AlertLogEntry>;
export type AlertParams = Static<typeof AlertParams>;
export type Quarantined = Static<typeof Quarantined>;
export type DeadLetterOut = Static<typeof DeadLetterOut>;
