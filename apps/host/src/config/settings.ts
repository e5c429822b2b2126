/** Every setting, once: name, kind, default and meaning. The type, the validation and docs/reference/settings.md come from this table. */

import { KidjamoError } from '@kidjamo/stream';

import { checkKafka, KAFKA_SETTINGS } from './kafka-settings.ts';
import { checkNotify, NOTIFY_SETTINGS } from './notify-settings.ts';

interface SettingBase {
  /** What it means, for people who run Kidjamo. */
  readonly doc: string;
}
interface TextSetting extends SettingBase {
  readonly kind: 'text';
  readonly default: string;
  readonly oneOf?: readonly string[];
  readonly secret?: boolean;
}
interface NumberSetting extends SettingBase {
  readonly kind: 'number';
  readonly default: number;
  readonly min: number;
  readonly max: number;
}
interface FlagSetting extends SettingBase {
  readonly kind: 'flag';
  readonly default: boolean;
}

export const SETTINGS = {
  API_HOST: {
    kind: 'text',
    default: '127.0.0.1',
    doc: 'Address that the gateway listens on. Only loopback is accepted until sign-in exists.',
  },
  API_PORT: { kind: 'number', default: 8001, min: 0, max: 65535, doc: 'Port of the gateway; 0 takes any free one.' },
  API_PORT_AUTOFALLBACK: { kind: 'flag', default: true, doc: 'Take the next free one of the following 10 ports when API_PORT is used.' },
  KIDJAMO_ENV: {
    kind: 'text',
    default: 'development',
    oneOf: ['development', 'production'],
    doc: 'In production, AUTO_ENROLL is refused and the embedded database is not started.',
  },
  KIDJAMO_HOME: {
    kind: 'text',
    default: '.kidjamo',
    doc: 'Folder of the embedded database, the lake, the keys and what is known of the running instance.',
  },
  KIDJAMO_LAKE: { kind: 'text', default: '', doc: 'Folder of the lake; empty means `lake` in KIDJAMO_HOME.' },
  DATABASE_URL: {
    kind: 'text',
    default: '',
    secret: true,
    doc: 'An existing PostgreSQL 15 or younger; empty starts the embedded one, unless PGHOST is set.',
  },
  AUTO_ENROLL: {
    kind: 'text',
    default: '',
    oneOf: ['', 'true', 'false'],
    doc: 'Make a provisional patient for a reading of an unknown one. Empty means true in development and false in production.',
  },
  KIDJAMO_PARTITIONS: { kind: 'number', default: 4, min: 1, max: 256, doc: 'Partitions of logs that do not exist yet.' },
  KIDJAMO_LEASE_MS: {
    kind: 'number',
    default: 5000,
    min: 500,
    max: 600_000,
    doc: 'How long a worker that fell silent keeps its partitions.',
  },
  KIDJAMO_LAKE_DELAY_MS: {
    kind: 'number',
    default: 30_000,
    min: 100,
    max: 3_600_000,
    doc: 'How long a record may wait before it is written to the lake.',
  },
  KIDJAMO_RETENTION_HOURS: { kind: 'number', default: 168, min: 1, max: 87_600, doc: 'How long consumed records stay in the log.' },
  KIDJAMO_DISK_RESERVE_MB: {
    kind: 'number',
    default: 256,
    min: 0,
    max: 1_000_000,
    doc: 'Below this much free space the gateway answers 503.',
  },
  KIDJAMO_OPERATOR_TOKEN: {
    kind: 'text',
    default: '',
    secret: true,
    doc: 'What programs show that act for people on alerts, as `Authorization: Bearer ...`. Empty: whoever reaches the gateway is believed; in production nobody is.',
  },
  KIDJAMO_KEY_QUARANTINE: {
    kind: 'text',
    default: '',
    secret: true,
    doc: 'Key of payloads in quarantine, base64 of 32 bytes; empty means the one in the key file.',
  },
  KIDJAMO_KEY_SEALED: {
    kind: 'text',
    default: '',
    secret: true,
    doc: 'Key of the records on the input topic, base64 of 32 bytes; empty means one derived from the key of payloads in quarantine.',
  },
  KIDJAMO_KEY_LAKE: {
    kind: 'text',
    default: '',
    secret: true,
    doc: 'Key of the pseudonyms in the lake, base64 of 32 bytes; empty means the one in the key file.',
  },
  KIDJAMO_KEY_TOPICS: {
    kind: 'text',
    default: '',
    secret: true,
    doc: 'Key of the pseudonyms in topics, base64 of 32 bytes; empty means the one in the key file.',
  },
  ...KAFKA_SETTINGS,
  MQTT_MODE: {
    kind: 'text',
    default: 'off',
    oneOf: ['off', 'embedded', 'external'],
    doc: 'How devices are heard over MQTT: not at all, by a broker of our own (MQTT 3.1.1), or through an existing broker (3.1.1 and 5).',
  },
  MQTT_HOST: {
    kind: 'text',
    default: '127.0.0.1',
    doc: 'Address that the embedded broker listens on. Other than loopback only with client certificates.',
  },
  MQTT_PORT: { kind: 'number', default: 1883, min: 0, max: 65535, doc: 'Port of the embedded broker; 0 takes any free one.' },
  MQTT_MAX_CONNECTIONS: {
    kind: 'number',
    default: 10_000,
    min: 1,
    max: 100_000,
    doc: 'Connections that the embedded broker holds at most.',
  },
  MQTT_TLS_CERT: {
    kind: 'text',
    default: '',
    doc: 'PEM file with our certificate: that of the embedded broker, or the one shown to an external broker.',
  },
  MQTT_TLS_KEY: { kind: 'text', default: '', doc: 'PEM file with the key of MQTT_TLS_CERT.' },
  MQTT_TLS_CA: {
    kind: 'text',
    default: '',
    doc: 'PEM file with the authority of the certificates of devices, or of that of an external broker.',
  },
  MQTT_URL: {
    kind: 'text',
    default: 'mqtt://127.0.0.1:1883',
    doc: 'The external broker: mqtt:// or mqtts://, with host and port.',
  },
  MQTT_USERNAME: { kind: 'text', default: '', doc: 'User name at the external broker.' },
  MQTT_PASSWORD: { kind: 'text', default: '', secret: true, doc: 'Password at the external broker.' },
  MQTT_CLIENT_ID: {
    kind: 'text',
    default: 'kidjamo-gateway',
    doc: 'Name of the session at the external broker. Must stay the same, and be used by one process only.',
  },
  MQTT_PROTOCOL: { kind: 'text', default: '5', oneOf: ['3.1.1', '5'], doc: 'Version of MQTT spoken with the external broker.' },
  ...NOTIFY_SETTINGS,
  KIDJAMO_LOG_LEVEL: {
    kind: 'text',
    default: 'info',
    oneOf: ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'],
    doc: 'Least severity of the log lines on standard error.',
  },
} as const satisfies Record<string, TextSetting | NumberSetting | FlagSetting>;

type Definitions = typeof SETTINGS;
type Kind = Definitions[keyof Definitions]['kind'];
type ValueOf<K extends Kind> = K extends 'number' ? number : K extends 'flag' ? boolean : string;

/** The settings in force. */
export type Settings = { readonly [N in keyof Definitions]: ValueOf<Definitions[N]['kind']> };

/**
 * Reads the settings from an environment.
 * @throws KidjamoError CONFIG_INVALID naming every variable at fault, without its value.
 */
export function readSettings(env: Readonly<Record<string, string | undefined>>): Settings {
  const problems: string[] = [];
  const values = Object.entries(SETTINGS).map(([name, setting]) => {
    const text = env[name];
    if (text === undefined || text === '') return [name, setting.default];
    return [name, parse({ name, setting, text }, problems)];
  });
  // Built from the same table that the type is derived from.
  const settings = Object.fromEntries(values) as Settings;
  if (problems.length === 0) checkSafety(settings, problems);
  if (problems.length > 0) throw new KidjamoError('CONFIG_INVALID', problems.join('\n'));
  return settings;
}

/** Whether unknown patients are enrolled. */
export function autoEnroll(settings: Settings): boolean {
  return settings.AUTO_ENROLL === '' ? settings.KIDJAMO_ENV === 'development' : settings.AUTO_ENROLL === 'true';
}

function parse(
  given: { name: string; setting: TextSetting | NumberSetting | FlagSetting; text: string },
  problems: string[],
): string | number | boolean {
  const { name, setting, text } = given;
  switch (setting.kind) {
    case 'number': {
      const value = Number(text);
      if (!Number.isInteger(value) || value < setting.min || value > setting.max) {
        problems.push(`${name} must be a whole number from ${setting.min} to ${setting.max}`);
      }
      return value;
    }
    case 'flag':
      if (text !== 'true' && text !== 'false') problems.push(`${name} must be true or false`);
      return text === 'true';
    case 'text':
      if (setting.oneOf !== undefined && !setting.oneOf.includes(text)) {
        problems.push(`${name} must be one of ${setting.oneOf.filter((choice) => choice !== '').join(', ')}`);
      }
      return text;
  }
}

const LOOPBACK = /^(127\.\d+\.\d+\.\d+|localhost|::1)$/;

function checkSafety(settings: Settings, problems: string[]): void {
  checkMqtt(settings, problems);
  checkKafka(settings, problems);
  checkNotify(settings, problems);
  if (!LOOPBACK.test(settings.API_HOST)) {
    problems.push(
      'API_HOST must be a loopback address such as 127.0.0.1: there is no sign-in yet, so the gateway is not opened to a network',
    );
  }
  if (settings.KIDJAMO_ENV === 'production' && settings.AUTO_ENROLL === 'true') {
    problems.push('AUTO_ENROLL=true is refused with KIDJAMO_ENV=production: assign devices to patients instead');
  }
}

function checkMqtt(settings: Settings, problems: string[]): void {
  const { MQTT_MODE: mode, MQTT_HOST: host, MQTT_TLS_CERT: cert, MQTT_TLS_KEY: key, MQTT_TLS_CA: ca } = settings;
  if (mode === 'off') return;
  if ((cert === '') !== (key === '')) problems.push('MQTT_TLS_CERT and MQTT_TLS_KEY must be given together');
  if (mode === 'external') return;
  const complete = cert !== '' && key !== '' && ca !== '';
  if (!complete && (cert !== '' || ca !== '')) {
    problems.push('MQTT_TLS_CERT, MQTT_TLS_KEY and MQTT_TLS_CA must be given together with MQTT_MODE=embedded');
  }
  if (!complete && (settings.KIDJAMO_ENV === 'production' || !LOOPBACK.test(host))) {
    problems.push(
      'MQTT_MODE=embedded needs MQTT_TLS_CERT, MQTT_TLS_KEY and MQTT_TLS_CA in production and on any address but loopback: devices are known by their certificates',
    );
  }
}
