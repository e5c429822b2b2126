-- What people decided on dead letters: at most one decision each. A letter without one is held.
CREATE TABLE stream.dead_letter_decision (
  log            text NOT NULL,
  consumer_group text NOT NULL,
  partition      integer NOT NULL,
  record_offset  bigint NOT NULL,
  decided_at     timestamptz NOT NULL DEFAULT now(),
  decision       text NOT NULL CHECK (decision IN ('replayed', 'discarded')),
  -- The name of the person's account on the machine on which the command ran.
  decided_by     text NOT NULL,
  why            text NOT NULL,
  -- Where a replayed record stands in the log now.
  new_offset     bigint,
  PRIMARY KEY (log, consumer_group, partition, record_offset),
  FOREIGN KEY (log, consumer_group, partition, record_offset) REFERENCES stream.dead_letter
);
