/** The MQTT door: the embedded broker or the client of an external one, in front of the gateway's own way in. */

import type { BrokerTls, MessageKeeper, MqttMetrics } from '@kidjamo/connector-mqtt';
import { systemClock } from '@kidjamo/stream';
import { Counter, Gauge } from 'prom-client';
import type { Registry } from 'prom-client';

import { readPemFiles } from '../config/pem-files.ts';
import type { Settings } from '../config/settings.ts';
import type { RoleLogger } from './logger.ts';

/** What the door stands on. */
export interface MqttRoleOptions {
  readonly settings: Settings;
  readonly keeper: MessageKeeper;
  readonly registry: Registry;
  readonly logger: RoleLogger;
}

/** A door that is open. */
export interface MqttRole {
  /** Port of the embedded broker. */
  readonly port: number | undefined;
  /** Whether devices can be heard. */
  ready(): boolean;
  /** Takes no more, acknowledges what was taken, and closes. */
  stop(): Promise<void>;
}

/** What is measured of either mode. */
interface Figures {
  readonly connections: number;
  readonly devices: number;
  readonly unacknowledged: number;
}

/** Opens the door that the settings ask for, or none. @throws KidjamoError CONFIG_INVALID. */
export async function startMqtt(options: MqttRoleOptions): Promise<MqttRole | undefined> {
  switch (options.settings.MQTT_MODE) {
    case 'embedded':
      return startEmbedded(options);
    case 'external':
      return startExternal(options);
    default:
      return undefined;
  }
}

async function startEmbedded({ settings, keeper, registry, logger }: MqttRoleOptions): Promise<MqttRole> {
  const { cert, key, ca } = await readTls(settings);
  // Loaded only where it is used, like the client below.
  const { EmbeddedBroker } = await import('@kidjamo/connector-mqtt');
  const broker = await EmbeddedBroker.start({
    host: settings.MQTT_HOST,
    port: settings.MQTT_PORT,
    maxConnections: settings.MQTT_MAX_CONNECTIONS,
    ...(cert === undefined || key === undefined || ca === undefined ? {} : { tls: { cert, key, ca } }),
    keeper,
    metrics: makeMetrics(registry, logger),
    clock: systemClock,
  });
  addGauges(registry, () => broker);
  return { port: broker.port, ready: () => true, stop: () => broker.stop() };
}

async function startExternal({ settings, keeper, registry, logger }: MqttRoleOptions): Promise<MqttRole> {
  const { ExternalClient } = await import('@kidjamo/connector-mqtt');
  const client = ExternalClient.start({
    url: settings.MQTT_URL,
    clientId: settings.MQTT_CLIENT_ID,
    ...(settings.MQTT_USERNAME === '' ? {} : { username: settings.MQTT_USERNAME }),
    ...(settings.MQTT_PASSWORD === '' ? {} : { password: settings.MQTT_PASSWORD }),
    tls: await readTls(settings),
    protocol: settings.MQTT_PROTOCOL === '3.1.1' ? 4 : 5,
    keeper,
    metrics: makeMetrics(registry, logger),
    clock: systemClock,
  });
  // The broker knows the devices; we have the one connection.
  addGauges(registry, () => ({ connections: client.ready ? 1 : 0, devices: 0, unacknowledged: client.unacknowledged }));
  return { port: undefined, ready: () => client.ready, stop: () => client.stop() };
}

function readTls(settings: Settings): Promise<Partial<BrokerTls>> {
  return readPemFiles('MQTT_TLS', { cert: settings.MQTT_TLS_CERT, key: settings.MQTT_TLS_KEY, ca: settings.MQTT_TLS_CA });
}

/** Registers what is counted of messages. */
export function makeMetrics(registry: Registry, logger: RoleLogger): MqttMetrics {
  const messages = new Counter({
    name: 'kidjamo_mqtt_messages_total',
    help: 'Messages over MQTT by what became of them; unavailable and refused ones are not acknowledged.',
    labelNames: ['result'],
    registers: [registry],
  });
  const losses = new Counter({
    name: 'kidjamo_mqtt_losses_total',
    help: 'Devices that were cut off without saying goodbye.',
    registers: [registry],
  });
  return {
    countMessage: (result) => messages.labels(result).inc(),
    countLoss: () => losses.inc(),
    fault: (error, what) => logger.warn({ err: error }, what),
  };
}

/** Registers what is measured of connections. */
export function addGauges(registry: Registry, figures: () => Figures): void {
  const gauges = {
    connections: ['kidjamo_mqtt_connections', 'Open connections over MQTT: of devices, or the one to the external broker.'],
    devices: ['kidjamo_mqtt_devices', 'Devices connected to the embedded broker under their own name.'],
    unacknowledged: ['kidjamo_mqtt_unacknowledged', 'Messages received over MQTT that are not durable yet.'],
  } as const satisfies Record<keyof Figures, readonly [string, string]>;
  for (const figure of ['connections', 'devices', 'unacknowledged'] as const) {
    const [name, help] = gauges[figure];
    new Gauge({
      name,
      help,
      registers: [registry],
      collect() {
        this.set(figures()[figure]);
      },
    });
  }
}
