-- Open alerts are few among many: the board and the list of open alerts find them without reading history.
CREATE INDEX alerts_open ON alerts (created_at DESC, alert_id DESC) WHERE resolved_at IS NULL;
CREATE INDEX alerts_open_patient ON alerts (patient_id) WHERE resolved_at IS NULL;
