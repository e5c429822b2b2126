/** What the settings say of Kafka, as plain data that crosses to threads. */

import type { KafkaConnection, TopicSpec } from '@kidjamo/connector-kafka';
import { vitalsTopics } from '@kidjamo/vitals';

import { readPemFiles } from './pem-files.ts';
import type { Settings } from './settings.ts';

/** Where the gateway appends: the log of the database, which is read there or carried to Kafka, or Kafka itself. */
export type InputMode = 'embedded' | 'outbox' | 'direct';

/** How Kafka is used. */
export interface KafkaUse {
  readonly connection: KafkaConnection;
  readonly mode: 'outbox' | 'direct';
  readonly compression: 'none' | 'gzip' | 'snappy' | 'lz4' | 'zstd';
  readonly startingOffsets: 'earliest' | 'latest';
  readonly onDataLoss: 'fail' | 'continue';
}

/** How the settings have the input read. */
export function inputMode(settings: Settings): InputMode {
  if (settings.KAFKA_SERVERS === '') return 'embedded';
  return settings.KIDJAMO_GATEWAY_MODE === 'direct' ? 'direct' : 'outbox';
}

/** How Kafka is used, or undefined where it is not. @throws KidjamoError CONFIG_INVALID. */
export async function kafkaUse(settings: Settings): Promise<KafkaUse | undefined> {
  const mode = inputMode(settings);
  if (mode === 'embedded') return undefined;
  return {
    connection: await kafkaConnection(settings),
    mode,
    // The values that the table allows.
    compression: settings.KAFKA_COMPRESSION as KafkaUse['compression'],
    startingOffsets: settings.KAFKA_STARTING_OFFSETS as KafkaUse['startingOffsets'],
    onDataLoss: settings.KAFKA_FAIL_ON_DATA_LOSS ? 'fail' : 'continue',
  };
}

/** The topics as the settings want them. */
export async function wantedTopics(settings: Settings): Promise<readonly TopicSpec[]> {
  const { relayPositionsTopic } = await import('@kidjamo/connector-kafka');
  const { KIDJAMO_PARTITIONS: partitions, KAFKA_REPLICATION: replication, KIDJAMO_RETENTION_HOURS: hours } = settings;
  return [...vitalsTopics({ partitions, replication, publicHours: hours, inputHours: hours }), relayPositionsTopic(replication)];
}

async function kafkaConnection(settings: Settings): Promise<KafkaConnection> {
  const mechanism = settings.KAFKA_SASL_MECHANISM;
  const connection: KafkaConnection = {
    servers: settings.KAFKA_SERVERS,
    clientId: 'kidjamo',
    ...(settings.KAFKA_SSL
      ? { tls: await readPemFiles('KAFKA_SSL', { ca: settings.KAFKA_SSL_CA, cert: settings.KAFKA_SSL_CERT, key: settings.KAFKA_SSL_KEY }) }
      : {}),
    ...(mechanism === ''
      ? {}
      : {
          sasl: {
            // One of the values that the table allows.
            mechanism: mechanism as NonNullable<KafkaConnection['sasl']>['mechanism'],
            username: settings.KAFKA_SASL_USERNAME,
            password: settings.KAFKA_SASL_PASSWORD,
          },
        }),
  };
  // Loaded only where Kafka is used: the client costs every process memory and time to start. Faults are told before anything is started.
  const { clientOptions } = await import('@kidjamo/connector-kafka');
  clientOptions(connection);
  return connection;
}
