-- Notifications: what was to be told, to whom by which channel, and what became of every attempt.

-- A step of an episode that people were called for. Its row makes a step that is handed over again change nothing.
CREATE TABLE notification_call (
  call_id    text PRIMARY KEY,
  -- By which a patient's calls are found for export and erasure.
  patient_id text,
  severity   text NOT NULL CHECK (severity IN ('info', 'warn', 'alert', 'critical')),
  reason     text NOT NULL,
  called_at  timestamptz NOT NULL,
  planned_at timestamptz NOT NULL,
  -- How many recipients no channel in use reaches.
  unreachable integer NOT NULL,
  -- What messages are written from. Holds vital signs, and perhaps the patient's name.
  content    jsonb NOT NULL
);
CREATE INDEX notification_call_patient ON notification_call (patient_id, called_at DESC) WHERE patient_id IS NOT NULL;

-- A delivery: one call (or several that were held back) to one recipient by one channel. Its states are those of
-- packages/connectors/notify/src/notifier/state.ts; a test compares the two.
CREATE TABLE notification (
  notification_id    text PRIMARY KEY,
  -- Null where it tells several calls: those of the rows that were merged into its group.
  call_id            text REFERENCES notification_call,
  group_id           text NOT NULL,
  recipient_id       text NOT NULL,
  place              smallint NOT NULL,
  channel            text NOT NULL,
  -- Forgotten when nothing can happen any more.
  address            text,
  -- The recipient's channels that are left, with their addresses.
  rest               jsonb,
  language           text NOT NULL CHECK (language IN ('fr', 'en')),
  time_zone          text NOT NULL,
  severity           text NOT NULL CHECK (severity IN ('info', 'warn', 'alert', 'critical')),
  state              text NOT NULL CHECK (state IN ('held', 'planned', 'sending', 'retrying', 'delivered', 'failed', 'superseded', 'merged')),
  held_before        boolean NOT NULL,
  -- When it is to be looked at next: sent, tried again, taken over, or no longer held.
  due_at             timestamptz NOT NULL,
  late_at            timestamptz NOT NULL,
  expires_at         timestamptz NOT NULL,
  attempts           integer NOT NULL DEFAULT 0,
  -- Attempts of which nobody knows whether they sent it: an upper bound of the copies too many.
  uncertain_attempts integer NOT NULL DEFAULT 0,
  reason             text NOT NULL DEFAULT '',
  provider_id        text NOT NULL DEFAULT '',
  merged_into        text REFERENCES notification,
  planned_at         timestamptz NOT NULL,
  updated_at         timestamptz NOT NULL,
  UNIQUE (group_id, recipient_id, channel, place),
  CHECK ((address IS NULL) = (state IN ('delivered', 'failed', 'superseded', 'merged'))),
  CHECK ((rest IS NULL) = (address IS NULL)),
  CHECK ((merged_into IS NOT NULL) = (state = 'merged')),
  -- What is critical is never held back.
  CHECK (NOT held_before OR severity <> 'critical')
);
CREATE INDEX notification_due ON notification (channel, due_at) WHERE state IN ('planned', 'sending', 'retrying');
CREATE INDEX notification_held ON notification (due_at) WHERE state = 'held';
CREATE INDEX notification_recipient ON notification (recipient_id, planned_at DESC);
CREATE INDEX notification_merged ON notification (merged_into) WHERE merged_into IS NOT NULL;

-- Every attempt. One without an end is under way, or its process died.
CREATE TABLE notification_attempt (
  notification_id text NOT NULL REFERENCES notification,
  attempt         integer NOT NULL,
  started_at      timestamptz NOT NULL,
  ended_at        timestamptz,
  outcome         text,
  reason          text NOT NULL DEFAULT '',
  PRIMARY KEY (notification_id, attempt)
);
