-- The people behind an alarm, and what they did about it. Column names follow the medical record's schema.

-- Whoever acts or is told. Sign-in adds its own columns. Who is not active is never called and may do nothing.
CREATE TABLE users (
  user_id     uuid PRIMARY KEY,
  role        text NOT NULL CHECK (role IN ('patient', 'tuteur', 'parent', 'visiteur', 'medecin', 'admin')),
  first_name  text NOT NULL,
  last_name   text NOT NULL,
  email       text UNIQUE,
  phone       text,
  language    text NOT NULL DEFAULT 'fr' CHECK (language IN ('fr', 'en')),
  timezone    text NOT NULL DEFAULT 'Europe/Paris',
  -- By which channels, in which order, and when not; quiet hours never hold for critical alarms.
  preferences jsonb NOT NULL DEFAULT '{}',
  is_active   boolean NOT NULL DEFAULT true,
  created_at  timestamptz NOT NULL,
  updated_at  timestamptz NOT NULL
);

CREATE TABLE caregivers (
  user_id                uuid NOT NULL REFERENCES users,
  patient_id             uuid NOT NULL REFERENCES patients,
  relationship           text NOT NULL CHECK (relationship IN ('parent', 'tuteur', 'famille', 'ami_proche')),
  -- 1 is called first.
  priority_level         smallint NOT NULL CHECK (priority_level BETWEEN 1 AND 3),
  can_acknowledge_alerts boolean NOT NULL DEFAULT false,
  created_at             timestamptz NOT NULL,
  updated_at             timestamptz NOT NULL,
  PRIMARY KEY (patient_id, user_id)
);
CREATE INDEX caregivers_user ON caregivers (user_id);

CREATE TABLE clinicians (
  user_id          uuid PRIMARY KEY REFERENCES users,
  license_number   text NOT NULL UNIQUE,
  specialty        text,
  service_location text,
  hospital_name    text,
  can_prescribe    boolean NOT NULL DEFAULT false,
  created_at       timestamptz NOT NULL,
  updated_at       timestamptz NOT NULL
);

CREATE TABLE patient_clinicians (
  patient_id   uuid NOT NULL REFERENCES patients,
  clinician_id uuid NOT NULL REFERENCES clinicians,
  role         text NOT NULL CHECK (role IN ('médecin_traitant', 'spécialiste', 'urgentiste', 'consultant')),
  is_primary   boolean NOT NULL DEFAULT false,
  assigned_at  timestamptz NOT NULL,
  PRIMARY KEY (patient_id, clinician_id)
);
CREATE UNIQUE INDEX patient_clinicians_one_primary ON patient_clinicians (patient_id) WHERE is_primary AND role = 'médecin_traitant';
CREATE INDEX patient_clinicians_clinician ON patient_clinicians (clinician_id);

-- Who is on call, for every patient. Shifts may overlap: then all of them are.
CREATE TABLE on_call_shifts (
  shift_id     uuid PRIMARY KEY,
  clinician_id uuid NOT NULL REFERENCES clinicians,
  starts_at    timestamptz NOT NULL,
  ends_at      timestamptz NOT NULL,
  created_at   timestamptz NOT NULL,
  CHECK (ends_at > starts_at)
);
CREATE INDEX on_call_shifts_ends ON on_call_shifts (ends_at);

-- What a clinician changed of the rules for one patient. A row is never changed but to end it, and never taken away.
CREATE TABLE patient_rule_overrides (
  override_id   uuid PRIMARY KEY,
  patient_id    uuid NOT NULL REFERENCES patients,
  kind          text NOT NULL CHECK (kind IN ('limit', 'disable', 'enable', 'baseline')),
  rule          text,
  severity      text CHECK (severity IN ('info', 'warn', 'alert', 'critical')),
  limit_name    text,
  value         double precision,
  set_by        uuid NOT NULL REFERENCES users,
  reason        text NOT NULL,
  starts_at     timestamptz NOT NULL,
  expires_at    timestamptz NOT NULL,
  created_at    timestamptz NOT NULL,
  revoked_at    timestamptz,
  revoked_by    uuid REFERENCES users,
  revoke_reason text,
  CHECK (expires_at > starts_at),
  CHECK ((kind = 'baseline') = (rule IS NULL)),
  CHECK ((kind IN ('limit', 'baseline')) = (value IS NOT NULL)),
  CHECK ((kind = 'limit') = (severity IS NOT NULL) AND (kind = 'limit') = (limit_name IS NOT NULL)),
  CHECK ((revoked_at IS NULL) = (revoked_by IS NULL) AND (revoked_at IS NULL) = (revoke_reason IS NULL))
);
CREATE INDEX patient_rule_overrides_patient ON patient_rule_overrides (patient_id, expires_at);

-- What became of each alert, and who did it. Written by the task in its commit; rows are only added.
CREATE TABLE alert_status_logs (
  log_id      uuid PRIMARY KEY,
  alert_id    uuid NOT NULL,
  -- Null while the patient is unknown.
  patient_id  uuid,
  status      text NOT NULL CHECK (status IN ('created', 'seen', 'acknowledged', 'escalated', 'commented', 'snoozed', 'resolved', 'auto_resolved', 'superseded', 'refused')),
  from_status text,
  to_status   text,
  -- Log time.
  changed_at  timestamptz NOT NULL,
  -- Null where nobody did it.
  changed_by  uuid,
  comment     text,
  metadata    jsonb NOT NULL DEFAULT '{}',
  -- The action of a person that this row is the outcome of, and the digest of what it asked for.
  action_id   uuid UNIQUE,
  digest      text,
  -- Order among rows of one log time.
  seq         bigint GENERATED ALWAYS AS IDENTITY
);
CREATE INDEX alert_status_logs_alert ON alert_status_logs (alert_id, changed_at, seq);

ALTER TABLE alerts
  -- Whom the log and the task know it by: the patient, or what stands for one who is unknown.
  ADD COLUMN subject_id uuid,
  ADD COLUMN acknowledged_at timestamptz,
  ADD COLUMN acknowledged_by uuid,
  ADD COLUMN resolved_by uuid,
  -- Technical alerts only.
  ADD COLUMN snoozed_until timestamptz;
