/** The gateway, the read API and the live page, in the main thread. */

import type { KafkaLog } from '@kidjamo/connector-kafka';
import { PostgresLog, Wakeups } from '@kidjamo/connector-postgres';
import { PUBLIC_FOLDER } from '@kidjamo/dashboard';
import { systemClock } from '@kidjamo/stream';
import {
  LOGS,
  registerActions,
  registerGateway,
  registerLiveEvents,
  registerLivePage,
  registerOpenApi,
  registerReadApi,
} from '@kidjamo/vitals';
import type { Registry } from 'prom-client';

import { autoEnroll } from '../config/settings.ts';
import type { Settings } from '../config/settings.ts';
import { DiskGuard } from '../stack/disk-guard.ts';
import { listen } from '../stack/listen.ts';
import { makePool } from '../stack/pool.ts';
import type { Stack } from '../stack/stack.ts';
import { addAdminRoutes } from './admin-routes.ts';
import { binaryKey, FLUSH_TOPIC } from './context.ts';
import type { RoleSettings } from './context.ts';
import { KafkaStatus } from './kafka-status.ts';
import type { RoleLogger } from './logger.ts';
import { startMqtt } from './mqtt-role.ts';
import type { MqttRole } from './mqtt-role.ts';
import { PipelineStatus } from './pipeline-status.ts';
import { runRetention } from './retention-role.ts';
import { makeServer } from './server.ts';

export interface Gateway {
  readonly apiUrl: string;
  /** Refuses new readings, answers those in hand, closes. */
  stop(): Promise<void>;
}

export interface GatewayOptions {
  readonly stack: Stack;
  readonly settings: Settings;
  readonly role: RoleSettings;
  readonly logger: RoleLogger;
  /** Where all metrics of the process are. */
  readonly registry: Registry;
  readonly restarts: () => number;
}

/** Longest that a statement on behalf of a device may take, ms: after that the device is told to come back. */
const APPEND_TIMEOUT = 5000;
const READ_TIMEOUT = 15_000;
/** How long the answer to a person waits for what the task makes of it, ms. */
const ACTION_PATIENCE = 2000;

export async function startGateway(options: GatewayOptions): Promise<Gateway> {
  const { stack, settings, role, logger, registry } = options;
  const onIdleError = (error: Error): void => {
    logger.warn({ err: error }, 'an idle database connection was lost');
  };
  const writing = makePool({ url: stack.databaseUrl, name: 'gateway', max: 6, statementTimeout: APPEND_TIMEOUT }, onIdleError);
  const reading = makePool({ url: stack.databaseUrl, name: 'read', max: 4, statementTimeout: READ_TIMEOUT }, onIdleError);
  const wakeups = new Wakeups('log');
  const disk = new DiskGuard(stack.home, settings.KIDJAMO_DISK_RESERVE_MB * 2 ** 20);
  const stop = new AbortController();
  void disk.watch(stop.signal);

  const open = (name: string, pool = reading): Promise<PostgresLog> =>
    PostgresLog.open({ name, pool, wakeups, ...(name === LOGS.input ? { admit: disk.admit } : {}) }, role.partitions);
  const { kafka } = role;
  let topic: KafkaLog | undefined;
  if (kafka?.mode === 'direct') {
    const { openKafkaInput } = await import('./kafka-input.ts');
    topic = await openKafkaInput({ ...role, kafka }, { timeout: APPEND_TIMEOUT, admit: disk.admit }, logger);
  }
  const input = topic ?? (await open(LOGS.input, writing));
  const kafkaStatus = kafka === undefined ? undefined : new KafkaStatus(kafka, logger);
  const watched = kafkaStatus?.watch(stop.signal);
  const doors: { mqtt?: MqttRole } = {};
  const status = new PipelineStatus({
    pool: reading,
    disk,
    registry,
    logger,
    restarts: options.restarts,
    ...(kafkaStatus === undefined ? {} : { kafka: kafkaStatus }),
    doors: () => (doors.mqtt === undefined ? {} : { mqtt: { ready: doors.mqtt.ready() } }),
  });
  void status.watch(stop.signal);
  const retention = runRetention({ pool: reading, hours: settings.KIDJAMO_RETENTION_HOURS, logger }, stop.signal);

  const fastify = makeServer(logger);
  const gateway = await registerGateway(fastify, {
    log: input,
    pool: writing,
    clock: systemClock,
    keys: { quarantine: binaryKey(role.keys.quarantine) },
    autoEnroll: autoEnroll(settings),
    status,
    registry,
  });
  registerOpenApi(fastify);
  registerReadApi(fastify, { pool: reading, clock: systemClock });
  registerActions(fastify, {
    pool: writing,
    clock: systemClock,
    log: input,
    patience: ACTION_PATIENCE,
    identification: { token: settings.KIDJAMO_OPERATOR_TOKEN, strict: settings.KIDJAMO_ENV === 'production' },
  });
  registerLiveEvents(fastify, {
    pool: reading,
    clock: systemClock,
    readings: await open(LOGS.readings),
    alerts: await open(LOGS.alerts),
    onFault: (error) => logger.warn({ err: error }, 'the live board could not be read; it tries again'),
  });
  registerLivePage(fastify, { root: PUBLIC_FOLDER });
  addAdminRoutes(fastify, { pool: writing, gateway, flush: () => wakeups.announce([FLUSH_TOPIC]) });

  // First, so that a process is not ready before devices can be heard.
  const mqtt = await startMqtt({ settings, keeper: gateway.mqtt, registry, logger });
  if (mqtt !== undefined) doors.mqtt = mqtt;
  const apiUrl = await listen(fastify, settings);
  return {
    apiUrl,
    stop: async () => {
      await mqtt?.stop();
      await gateway.drain();
      await fastify.close();
      stop.abort();
      await Promise.all([retention, watched, topic?.close()]);
      wakeups.close();
      await Promise.all([writing.end(), reading.end()]);
    },
  };
}
