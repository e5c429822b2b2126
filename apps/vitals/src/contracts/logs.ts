/** The logs of the vitals application. Outputs become the topics of the same purpose on Kafka. */
export const LOGS = {
  /** What the gateway appends. */
  input: 'vitals-input',
  /** Readings as graded and enriched, once each. */
  readings: 'vitals-readings',
  /** Alerts as they are raised. */
  alerts: 'vitals-alerts',
  /** Who is to be called about alarms, step by step. */
  calls: 'vitals-calls',
  /** One-minute panes as their watermark passes. */
  panes: 'vitals-panes',
  /** What devices say of themselves. */
  deviceStatus: 'vitals-device-status',
  /** Readings refused after the door, and other faults. */
  errors: 'vitals-errors',
} as const;
