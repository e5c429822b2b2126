-- What people decided on payloads in quarantine. Rows are only added.
CREATE TABLE quarantine_decisions (
  quarantine_id uuid NOT NULL REFERENCES quarantine,
  decided_at    timestamptz NOT NULL DEFAULT now(),
  decision      text NOT NULL CHECK (decision IN ('released', 'discarded')),
  -- The name of the person's account on the machine on which the command ran.
  decided_by    text NOT NULL,
  why           text NOT NULL,
  PRIMARY KEY (quarantine_id, decided_at)
);

-- Old keys are found without reading young ones, at next to no cost for those who insert.
CREATE INDEX idempotency_keys_created ON idempotency_keys USING brin (created_at) WITH (pages_per_range = 16);
