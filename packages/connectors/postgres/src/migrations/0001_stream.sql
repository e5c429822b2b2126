-- The log, its consumer groups and what tasks keep between records.
CREATE SCHEMA IF NOT EXISTS stream;

CREATE TABLE stream.log (
  name       text PRIMARY KEY,
  partitions integer NOT NULL CHECK (partitions > 0),
  created_at timestamptz NOT NULL DEFAULT now()
);

-- The end of each partition. Its row lock makes offsets gap-free and commits visible in offset order.
CREATE TABLE stream.log_partition (
  log         text NOT NULL REFERENCES stream.log,
  partition   integer NOT NULL,
  next_offset bigint NOT NULL DEFAULT 0,
  -- The first offset still kept.
  low_offset  bigint NOT NULL DEFAULT 0,
  last_time   timestamptz NOT NULL DEFAULT '-infinity',
  PRIMARY KEY (log, partition)
) WITH (fillfactor = 40);

-- Records appended together. The body is the keys, one line each, U+001E, and the values, one line each: record i has line i of both.
CREATE TABLE stream.log_batch (
  log          text NOT NULL,
  partition    integer NOT NULL,
  base_offset  bigint NOT NULL,
  record_count integer NOT NULL,
  appended_at  timestamptz NOT NULL,
  -- How the body is written: 0 plain, 1 zstd.
  codec        smallint NOT NULL,
  body         bytea NOT NULL,
  PRIMARY KEY (log, partition, base_offset)
);

CREATE TABLE stream.consumer_member (
  log            text NOT NULL,
  consumer_group text NOT NULL,
  member         text NOT NULL,
  lease_until    timestamptz NOT NULL,
  PRIMARY KEY (log, consumer_group, member)
);

-- Who may work on a partition for a group. Apart from the offsets, so that renewing a lease never waits for a commit.
CREATE TABLE stream.consumer_lease (
  log            text NOT NULL,
  consumer_group text NOT NULL,
  partition      integer NOT NULL,
  generation     bigint NOT NULL DEFAULT 0,
  owner          text,
  lease_until    timestamptz,
  PRIMARY KEY (log, consumer_group, partition)
) WITH (fillfactor = 40);

-- How far a group has come. For a task this is the commit point, fenced by the generation; for a sink, whose fence lives beside its
-- data, it mirrors the position for lag and retention.
CREATE TABLE stream.consumer_offset (
  log            text NOT NULL,
  consumer_group text NOT NULL,
  partition      integer NOT NULL,
  next_offset    bigint NOT NULL DEFAULT 0,
  log_time       double precision NOT NULL DEFAULT 0,
  generation     bigint NOT NULL DEFAULT 0,
  PRIMARY KEY (log, consumer_group, partition)
) WITH (fillfactor = 40);

CREATE TABLE stream.task_state (
  consumer_group text NOT NULL,
  key            text NOT NULL,
  partition      integer NOT NULL,
  state          text NOT NULL,
  PRIMARY KEY (consumer_group, key)
) WITH (fillfactor = 60);

CREATE TABLE stream.task_timer (
  consumer_group text NOT NULL,
  partition      integer NOT NULL,
  key            text NOT NULL,
  name           text NOT NULL,
  due_at         timestamptz NOT NULL,
  PRIMARY KEY (consumer_group, key, name)
);
CREATE INDEX task_timer_due ON stream.task_timer (consumer_group, partition, due_at);

CREATE TABLE stream.counter (
  consumer_group text NOT NULL,
  partition      integer NOT NULL,
  name           text NOT NULL,
  value          bigint NOT NULL,
  PRIMARY KEY (consumer_group, partition, name)
) WITH (fillfactor = 60);

CREATE TABLE stream.dead_letter (
  log            text NOT NULL,
  consumer_group text NOT NULL,
  partition      integer NOT NULL,
  record_offset  bigint NOT NULL,
  key            text NOT NULL,
  value          text NOT NULL,
  reason         text NOT NULL,
  created_at     timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (log, consumer_group, partition, record_offset)
);

-- Long bodies come compressed: the server need not try again.
ALTER TABLE stream.log_batch ALTER COLUMN body SET STORAGE EXTERNAL;

-- Appends bodies to partitions, which the caller names in ascending order (so that writers never deadlock), and gives the first offset of
-- each.
CREATE FUNCTION stream.append(p_log text, p_partitions integer[], p_counts integer[], p_codecs smallint[], p_bodies bytea[])
RETURNS SETOF bigint LANGUAGE plpgsql AS $$
DECLARE
  base bigint;
  stamp timestamptz;
BEGIN
  FOR i IN 1 .. cardinality(p_partitions) LOOP
    UPDATE stream.log_partition
       SET next_offset = next_offset + p_counts[i],
           last_time = greatest(last_time, clock_timestamp())
     WHERE log = p_log AND partition = p_partitions[i]
     RETURNING next_offset - p_counts[i], last_time INTO base, stamp;
    IF base IS NULL THEN
      RAISE EXCEPTION 'log % has no partition %', p_log, p_partitions[i] USING ERRCODE = 'KJ001';
    END IF;
    INSERT INTO stream.log_batch (log, partition, base_offset, record_count, appended_at, codec, body)
    VALUES (p_log, p_partitions[i], base, p_counts[i], stamp, p_codecs[i], p_bodies[i]);
    RETURN NEXT base;
  END LOOP;
END;
$$;

-- Renews a member and its leases, and claims free partitions up to a fair share. A claim raises the generation.
CREATE FUNCTION stream.heartbeat(p_log text, p_group text, p_member text, p_ttl interval)
RETURNS TABLE (o_partition integer, o_generation bigint, o_members integer) LANGUAGE plpgsql AS $$
DECLARE
  members integer;
  total integer;
  owned integer;
BEGIN
  INSERT INTO stream.consumer_member AS m (log, consumer_group, member, lease_until)
  VALUES (p_log, p_group, p_member, clock_timestamp() + p_ttl)
  ON CONFLICT (log, consumer_group, member) DO UPDATE SET lease_until = excluded.lease_until;
  DELETE FROM stream.consumer_member WHERE log = p_log AND consumer_group = p_group AND lease_until < clock_timestamp();
  SELECT count(*) INTO members FROM stream.consumer_member WHERE log = p_log AND consumer_group = p_group;
  SELECT count(*), count(*) FILTER (WHERE owner = p_member) INTO total, owned
    FROM stream.consumer_lease WHERE log = p_log AND consumer_group = p_group;
  UPDATE stream.consumer_lease SET lease_until = clock_timestamp() + p_ttl
   WHERE log = p_log AND consumer_group = p_group AND owner = p_member;
  -- Materialised, since a plan that ran the subquery twice would lock, and claim, more than the limit.
  WITH free AS MATERIALIZED (
    SELECT f.partition FROM stream.consumer_lease f
     WHERE f.log = p_log AND f.consumer_group = p_group AND (f.owner IS NULL OR f.lease_until < clock_timestamp())
     ORDER BY f.partition
     LIMIT greatest(0, ceil(total::float8 / greatest(members, 1))::integer - owned)
     FOR UPDATE SKIP LOCKED)
  UPDATE stream.consumer_lease l
     SET owner = p_member, generation = l.generation + 1, lease_until = clock_timestamp() + p_ttl
    FROM free
   WHERE l.log = p_log AND l.consumer_group = p_group AND l.partition = free.partition;
  RETURN QUERY SELECT l.partition, l.generation, members FROM stream.consumer_lease l
                WHERE l.log = p_log AND l.consumer_group = p_group AND l.owner = p_member ORDER BY l.partition;
END;
$$;
