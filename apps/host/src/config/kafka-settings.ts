/** The settings of Apache Kafka; part of the table in settings.ts. */

import type { KafkaConnection } from '@kidjamo/connector-kafka';

import type { Settings } from './settings.ts';

/** All of them; only types are imported from the connector, since whoever does without Kafka need not load its client. */
const SASL_MECHANISMS: Readonly<Record<NonNullable<KafkaConnection['sasl']>['mechanism'], true>> = {
  PLAIN: true,
  'SCRAM-SHA-256': true,
  'SCRAM-SHA-512': true,
};

export const KAFKA_SETTINGS = {
  KAFKA_SERVERS: {
    kind: 'text',
    default: '',
    doc: 'Some brokers of Apache Kafka as `host:port`, separated by commas. Empty means no Kafka: one machine, PostgreSQL as the log.',
  },
  KIDJAMO_GATEWAY_MODE: {
    kind: 'text',
    default: 'outbox',
    oneOf: ['outbox', 'direct'],
    doc: 'Where the gateway appends when KAFKA_SERVERS is set: to PostgreSQL, from where a relay carries readings to Kafka, or to Kafka at once.',
  },
  KAFKA_REPLICATION: {
    kind: 'number',
    default: 1,
    min: 1,
    max: 32,
    doc: 'Brokers that hold a copy of each partition of the topics that `kidjamo topics apply` makes. 3 where there are three brokers.',
  },
  KAFKA_COMPRESSION: {
    kind: 'text',
    default: 'none',
    oneOf: ['none', 'gzip', 'snappy', 'lz4', 'zstd'],
    doc: 'How messages are compressed on the way to Kafka and on its disks.',
  },
  KAFKA_STARTING_OFFSETS: {
    kind: 'text',
    default: 'earliest',
    oneOf: ['earliest', 'latest'],
    doc: 'Where the reader of what others put on `kidjamo-iot-measurements` begins when it is new. The input topic is always read from its beginning.',
  },
  KAFKA_FAIL_ON_DATA_LOSS: {
    kind: 'flag',
    default: true,
    doc: 'Stop where Kafka has removed messages before they were read; false goes on at the first one kept, and the log says so.',
  },
  KAFKA_SSL: { kind: 'flag', default: false, doc: 'Speak TLS with the brokers.' },
  KAFKA_SSL_CA: {
    kind: 'text',
    default: '',
    doc: 'PEM file with the authority of the brokers\u2019 certificates; empty trusts those that Node.js knows.',
  },
  KAFKA_SSL_CERT: { kind: 'text', default: '', doc: 'PEM file with our certificate, where brokers ask for one.' },
  KAFKA_SSL_KEY: { kind: 'text', default: '', doc: 'PEM file with the key of KAFKA_SSL_CERT.' },
  KAFKA_SASL_MECHANISM: {
    kind: 'text',
    default: '',
    oneOf: ['', ...Object.keys(SASL_MECHANISMS)],
    doc: 'How to sign in at the brokers; empty means without a password.',
  },
  KAFKA_SASL_USERNAME: { kind: 'text', default: '', doc: 'User name at the brokers.' },
  KAFKA_SASL_PASSWORD: { kind: 'text', default: '', secret: true, doc: 'Password at the brokers.' },
  KIDJAMO_WORKER_PORT: {
    kind: 'number',
    default: 0,
    min: 0,
    max: 65535,
    doc: 'Port on which `kidjamo worker` tells its health and metrics; 0 takes any free one.',
  },
} as const;

/** Adds what is wrong with the settings of Kafka, taken together. */
export function checkKafka(settings: Settings, problems: string[]): void {
  const { KAFKA_SERVERS: servers, KIDJAMO_GATEWAY_MODE: mode } = settings;
  if (servers === '' && mode === 'direct') problems.push('KIDJAMO_GATEWAY_MODE=direct needs KAFKA_SERVERS: there is no Kafka to append to');
  if ((settings.KAFKA_SSL_CERT === '') !== (settings.KAFKA_SSL_KEY === '')) {
    problems.push('KAFKA_SSL_CERT and KAFKA_SSL_KEY must be given together');
  }
  const files = [settings.KAFKA_SSL_CA, settings.KAFKA_SSL_CERT, settings.KAFKA_SSL_KEY];
  if (!settings.KAFKA_SSL && files.some((path) => path !== '')) {
    problems.push('KAFKA_SSL_CA, KAFKA_SSL_CERT and KAFKA_SSL_KEY need KAFKA_SSL=true');
  }
  const signsIn = settings.KAFKA_SASL_MECHANISM !== '';
  if (signsIn && (settings.KAFKA_SASL_USERNAME === '' || settings.KAFKA_SASL_PASSWORD === '')) {
    problems.push('KAFKA_SASL_MECHANISM needs KAFKA_SASL_USERNAME and KAFKA_SASL_PASSWORD');
  }
  if (!signsIn && (settings.KAFKA_SASL_USERNAME !== '' || settings.KAFKA_SASL_PASSWORD !== '')) {
    problems.push('KAFKA_SASL_USERNAME and KAFKA_SASL_PASSWORD need KAFKA_SASL_MECHANISM');
  }
}
