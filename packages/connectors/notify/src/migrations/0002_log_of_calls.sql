-- How far the log of calls has been read. It moves in the statement that writes the plans down, under the generation of the lease.
CREATE TABLE notification_position (
  log         text NOT NULL,
  partition   integer NOT NULL,
  generation  bigint NOT NULL,
  next_offset bigint NOT NULL,
  PRIMARY KEY (log, partition)
) WITH (fillfactor = 40);

-- A call about a patient that reaches nobody is handed back to the alarm engine, which goes to the next level.
ALTER TABLE notification_call ADD COLUMN unreached boolean NOT NULL DEFAULT false, ADD COLUMN handed_back_at timestamptz;
CREATE INDEX notification_call_unreached ON notification_call (planned_at) WHERE unreached AND handed_back_at IS NULL;
