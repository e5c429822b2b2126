/** Names that everything on topics has in common. */

/** The topics. Names and structure of the public ones are fixed (reference systems, A6). */
export const TOPICS = {
  /** Readings as graded and enriched. Others may write here too, in the nested format. */
  measurements: 'kidjamo-iot-measurements',
  /** Alerts as they are raised. */
  alerts: 'kidjamo-iot-alerts',
  /** What devices say of themselves. */
  deviceStatus: 'kidjamo-iot-device-status',
  /** Readings that could not be stored as they came. */
  errors: 'kidjamo-iot-errors',
  /** The input log, sealed; for Kidjamo only. */
  input: 'kidjamo-vitals-input',
} as const;

/** Headers of our messages. */
export const HEADERS = { schema: 'kidjamo-schema', messageId: 'kidjamo-message-id', correlation: 'kidjamo-correlation' } as const;

/** `api_version` of every message, as existing consumers know it. */
export const API_VERSION = '1.0.0';

/** Schemas by kind: the value of the header `kidjamo-schema` and of `schema_version`. The number rises with a change that a reader would notice. */
export const SCHEMA_VERSIONS = {
  reading: 'reading/1',
  alert: 'alert/1',
  deviceStatus: 'device_status/1',
  error: 'error/1',
  input: 'input/1',
} as const;

/** What a schema of ours looks like in a header, those of versions to come included. */
export const SCHEMA = /^[a-z_]{1,32}\/[0-9]{1,6}$/;

/** What a pseudonym looks like, whatever its key. */
export const PSEUDONYM = '^[A-Za-z0-9_-]{1,64}\\.[A-Za-z0-9_-]{43}$';

/** A message as it is written. */
export interface TopicMessage {
  readonly key: string;
  readonly value: string;
  readonly headers: Readonly<Record<string, string>>;
}
