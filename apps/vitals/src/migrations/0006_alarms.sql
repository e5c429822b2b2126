-- What the alarm engine tells of an alert, beside what people do about it.
ALTER TABLE alert_status_logs DROP CONSTRAINT alert_status_logs_status_check;
ALTER TABLE alert_status_logs ADD CONSTRAINT alert_status_logs_status_check CHECK (status IN (
  'created', 'confirmed', 'severity_changed', 'called', 'escalated', 'seen', 'acknowledged', 'commented', 'snoozed', 'cleared', 'returned',
  'resolved', 'auto_resolved', 'superseded', 'refused'));
