-- Changes of the rules for a patient come through the input log. The task writes them in its commit, together with what came of them.

-- What came of each change that was asked for, refused ones included. Rows are only added.
CREATE TABLE patient_rule_override_logs (
  change_id   uuid PRIMARY KEY,
  -- The id of the change that set it. A refused one has no row in patient_rule_overrides.
  override_id uuid NOT NULL,
  patient_id  uuid NOT NULL,
  op          text NOT NULL CHECK (op IN ('set', 'revoke')),
  outcome     text NOT NULL CHECK (outcome IN ('applied', 'refused')),
  refused     text CHECK (refused IN ('expired', 'too_many', 'over')),
  -- Log time.
  changed_at  timestamptz NOT NULL,
  changed_by  uuid NOT NULL,
  reason      text NOT NULL,
  -- The override that was to be set.
  asked       jsonb,
  -- Of what was asked for: tells a repetition.
  digest      text NOT NULL,
  -- Order among rows of one log time.
  seq         bigint GENERATED ALWAYS AS IDENTITY,
  CHECK ((outcome = 'refused') = (refused IS NOT NULL)),
  CHECK ((op = 'set') = (asked IS NOT NULL))
);
CREATE INDEX patient_rule_override_logs_patient ON patient_rule_override_logs (patient_id, changed_at, seq);

-- What was set before reached no rule, and the task does not know it: it would be listed as in force, and could never be ended.
UPDATE patient_rule_overrides
   SET revoked_at = now(), revoked_by = set_by, revoke_reason = 'ended by an upgrade: it was never in force; set it anew'
 WHERE revoked_at IS NULL AND expires_at > now();
