-- The store of the vitals application. Names follow the medical record's schema; the record itself (row-level security, audit) builds on it.

CREATE TABLE patients (
  patient_id   uuid PRIMARY KEY,
  external_id  text UNIQUE,
  genotype     text CHECK (genotype IN ('SS', 'AS', 'SC', 'Sβ0', 'Sβ+')),
  birth_date   date,
  provisional  boolean NOT NULL DEFAULT false,
  created_at   timestamptz NOT NULL DEFAULT now(),
  updated_at   timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE devices (
  device_id    uuid PRIMARY KEY,
  external_id  text UNIQUE,
  provisional  boolean NOT NULL DEFAULT false,
  created_at   timestamptz NOT NULL DEFAULT now()
);

-- Which patient a device is assigned to. Only consulted where patients are not enrolled automatically.
CREATE TABLE device_assignments (
  device_id    uuid PRIMARY KEY REFERENCES devices,
  patient_id   uuid NOT NULL REFERENCES patients,
  assigned_at  timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX device_assignments_patient ON device_assignments (patient_id);

CREATE TABLE measurement_quality (
  code                text PRIMARY KEY,
  severity            smallint NOT NULL,
  exclude_from_trends boolean NOT NULL,
  manual_review       boolean NOT NULL
);

CREATE TABLE measurements (
  message_id           uuid NOT NULL,
  patient_id           uuid NOT NULL,
  device_id            uuid NOT NULL,
  recorded_at          timestamptz NOT NULL,
  received_at          timestamptz NOT NULL,
  heart_rate_bpm       double precision,
  respiratory_rate_min double precision,
  spo2_percent         double precision,
  temperature_celsius  double precision,
  ambient_temp_celsius double precision,
  hydration_percent    double precision,
  activity_level       double precision,
  heat_index_celsius   double precision,
  pain_scale           double precision,
  battery_percent      double precision,
  signal_quality       double precision,
  confidence_score     double precision,
  data_completeness    double precision,
  contact_quality      double precision,
  quality_flag         text NOT NULL,
  quality_codes        text[],
  breaches             text[],
  low_confidence       boolean NOT NULL,
  late                 boolean NOT NULL,
  imported             boolean NOT NULL,
  data_source          text NOT NULL DEFAULT 'device',
  source               text NOT NULL,
  firmware_version     text,
  age_band             text NOT NULL,
  heat_index_computed  double precision,
  hydration_index      double precision,
  digest               text NOT NULL,
  correlation_id       text NOT NULL,
  extra                jsonb,
  PRIMARY KEY (message_id, recorded_at)
) PARTITION BY RANGE (recorded_at);
CREATE INDEX measurements_patient ON measurements (patient_id, recorded_at DESC, message_id);
CREATE TABLE measurements_default PARTITION OF measurements DEFAULT;

CREATE TABLE alerts (
  alert_id               uuid PRIMARY KEY,
  -- Null while the reading that raised it has no known patient.
  patient_id             uuid,
  device_id              uuid,
  alert_type             text NOT NULL,
  severity               text NOT NULL CHECK (severity IN ('info', 'warn', 'alert', 'critical')),
  title                  text NOT NULL,
  message                text NOT NULL,
  vitals_snapshot        jsonb NOT NULL,
  trigger_conditions     text[] NOT NULL,
  suggested_actions      text[] NOT NULL DEFAULT '{}',
  tags                   text[] NOT NULL DEFAULT '{}',
  rule_version           text,
  status                 text NOT NULL DEFAULT 'active',
  retrospective          boolean NOT NULL DEFAULT false,
  uncertain              boolean NOT NULL DEFAULT false,
  imported               boolean NOT NULL DEFAULT false,
  -- Event time of the first breach.
  first_seen_at          timestamptz NOT NULL,
  -- Event time of the newest breach.
  last_seen_at           timestamptz NOT NULL,
  breach_count           bigint NOT NULL DEFAULT 1,
  created_at             timestamptz NOT NULL,
  updated_at             timestamptz NOT NULL,
  ack_deadline           timestamptz,
  escalation_level       smallint NOT NULL DEFAULT 0,
  resolved_at            timestamptz,
  auto_resolved          boolean NOT NULL DEFAULT false,
  created_by_system      text NOT NULL,
  related_measurement_id uuid,
  quarantine_id          uuid,
  correlation_id         text NOT NULL,
  -- Of the body of an alert raised by hand.
  digest                 text,
  CHECK (severity <> 'critical' OR retrospective OR imported OR ack_deadline IS NOT NULL)
);
CREATE UNIQUE INDEX alerts_one_open ON alerts (patient_id, alert_type)
  WHERE resolved_at IS NULL AND patient_id IS NOT NULL AND created_by_system <> 'manual';
CREATE INDEX alerts_newest ON alerts (created_at DESC, alert_id DESC);
CREATE INDEX alerts_patient ON alerts (patient_id, created_at DESC, alert_id DESC);

CREATE TABLE window_panes (
  patient_id          uuid NOT NULL,
  device_id           uuid NOT NULL,
  minute              timestamptz NOT NULL,
  count               integer NOT NULL,
  quality_sum         double precision NOT NULL,
  quality_count       integer NOT NULL,
  heart_rate_count    integer NOT NULL, heart_rate_sum    double precision, heart_rate_min    double precision, heart_rate_max    double precision,
  resp_rate_count     integer NOT NULL, resp_rate_sum     double precision, resp_rate_min     double precision, resp_rate_max     double precision,
  spo2_count          integer NOT NULL, spo2_sum          double precision, spo2_min          double precision, spo2_max          double precision,
  temperature_count   integer NOT NULL, temperature_sum   double precision, temperature_min   double precision, temperature_max   double precision,
  ambient_temp_count  integer NOT NULL, ambient_temp_sum  double precision, ambient_temp_min  double precision, ambient_temp_max  double precision,
  hydration_count     integer NOT NULL, hydration_sum     double precision, hydration_min     double precision, hydration_max     double precision,
  activity_count      integer NOT NULL, activity_sum      double precision, activity_min      double precision, activity_max      double precision,
  heat_index_count    integer NOT NULL, heat_index_sum    double precision, heat_index_min    double precision, heat_index_max    double precision,
  pain_count          integer NOT NULL, pain_sum          double precision, pain_min          double precision, pain_max          double precision,
  PRIMARY KEY (patient_id, minute, device_id)
);

CREATE TABLE device_logs (
  message_id      uuid PRIMARY KEY,
  device_id       uuid NOT NULL,
  patient_id      uuid NOT NULL,
  event_type      text NOT NULL,
  status          text,
  battery_percent double precision,
  signal_quality  double precision,
  firmware_version text,
  error_code      text,
  recorded_at     timestamptz NOT NULL,
  received_at     timestamptz NOT NULL,
  digest          text NOT NULL,
  correlation_id  text NOT NULL
);
CREATE INDEX device_logs_device ON device_logs (device_id, recorded_at DESC);

-- Payloads that could not be taken as they are. Never purged without a person's word.
CREATE TABLE quarantine (
  quarantine_id  uuid PRIMARY KEY,
  reason         text NOT NULL,
  -- Name of the field at fault, never its value.
  field          text,
  detail         text NOT NULL,
  source         text NOT NULL,
  status         text NOT NULL DEFAULT 'held' CHECK (status IN ('held', 'released', 'discarded')),
  -- For readings that wait for an assignment.
  device_id      uuid,
  patient_id     uuid,
  -- AES-256-GCM of the untouched payload: key id, 12 bytes of nonce, 16 of tag, ciphertext.
  key_id         text NOT NULL,
  payload        bytea NOT NULL,
  received_at    timestamptz NOT NULL,
  released_at    timestamptz,
  seen           bigint NOT NULL DEFAULT 1,
  correlation_id text NOT NULL
);
CREATE INDEX quarantine_newest ON quarantine (received_at DESC, quarantine_id DESC);
CREATE INDEX quarantine_waiting ON quarantine (device_id) WHERE status = 'held' AND device_id IS NOT NULL;

-- Requests that named an Idempotency-Key.
CREATE TABLE idempotency_keys (
  id         uuid PRIMARY KEY,
  digest     text NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now()
);
