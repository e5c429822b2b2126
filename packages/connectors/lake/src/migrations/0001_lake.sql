-- The manifest of the lake: which files belong to it, and how far each sink has come.
CREATE SCHEMA IF NOT EXISTS lake;

-- The position of a sink in a partition, under the generation of its lease. It moves in the statement that lists the files.
CREATE TABLE lake.position (
  sink        text NOT NULL,
  partition   integer NOT NULL,
  generation  bigint NOT NULL,
  next_offset bigint NOT NULL,
  PRIMARY KEY (sink, partition)
) WITH (fillfactor = 40);

CREATE TABLE lake.file (
  file_id     bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  table_name  text NOT NULL,
  -- Null for a swept orphan, whose content nobody knows.
  event_date  date,
  -- Relative to the root of the lake, with slashes. Unique, also among files that are gone: a file swept as an orphan can no more be listed.
  path        text NOT NULL UNIQUE,
  rows        bigint NOT NULL,
  bytes       bigint NOT NULL,
  -- Event times.
  min_time    timestamptz,
  max_time    timestamptz,
  created_at  timestamptz NOT NULL DEFAULT now(),
  -- Not null: no more part of the lake. The file goes when every reader that may still have it open had time to end.
  replaced_at timestamptz,
  -- Where the rows come from; null for a file made by compaction.
  log         text,
  partition   integer,
  from_offset bigint,
  to_offset   bigint,
  generation  bigint,
  CHECK (replaced_at IS NOT NULL OR event_date IS NOT NULL)
);
CREATE INDEX file_live ON lake.file (table_name, event_date) WHERE replaced_at IS NULL;
CREATE INDEX file_replaced ON lake.file (replaced_at) WHERE replaced_at IS NOT NULL;
