/** Devices that speak MQTT: each keeps what was not acknowledged and sends it again, as a bracelet does. */
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';

import mqtt from 'mqtt';
import type { MqttClient } from 'mqtt';

import type { Home } from './kidjamo.ts';

export interface FleetOptions {
  readonly port: number;
  readonly devices: number;
  readonly protocol?: 4 | 5;
  /** Keeps the devices of one test apart from those of another. */
  readonly name: string;
}

/** Devices that connect at a time. */
const CONNECTING = 50;

export class Fleet {
  readonly #options: FleetOptions;
  readonly #clients: MqttClient[] = [];
  readonly #open: Promise<void>[] = [];
  #sent = 0;
  #acknowledged = 0;

  constructor(options: FleetOptions) {
    this.#options = options;
  }

  get sent(): number {
    return this.#sent;
  }

  get acknowledged(): number {
    return this.#acknowledged;
  }

  get connected(): number {
    return this.#clients.filter((client) => client.connected).length;
  }

  async connect(): Promise<void> {
    const { devices, port, protocol } = this.#options;
    for (let n = 0; n < devices; n += CONNECTING) {
      const group = Array.from({ length: Math.min(CONNECTING, devices - n) }, (_, i) => this.#device(n + i));
      const made = await Promise.all(
        group.map((username) =>
          mqtt.connectAsync(`mqtt://127.0.0.1:${String(port)}`, {
            username,
            clientId: username,
            protocolVersion: protocol ?? 4,
            reconnectPeriod: 1000,
            keepalive: 60,
          }),
        ),
      );
      // A connection that is refused while the gateway is away is tried again by the client.
      for (const client of made) client.on('error', () => undefined);
      this.#clients.push(...made);
    }
  }

  /** Sends `count` readings, one device after the other, at most `rate` a second. */
  async send(count: number, rate: number): Promise<void> {
    const began = performance.now();
    for (let i = 0; i < count; i += 1) {
      const n = this.#sent % this.#clients.length;
      const timestamp = new Date(Date.now() - 3_600_000 + this.#sent).toISOString();
      const device = this.#device(n);
      const body = { device_id: device, patient_id: `of-${device}`, timestamp, vitals: { spo2: 97, heart_rate: 88 } };
      this.#sent += 1;
      const sent = this.#clients[n]?.publishAsync(`kidjamo/v1/devices/${device}/vitals`, JSON.stringify(body), { qos: 1 });
      if (sent !== undefined) this.#open.push(sent.then(() => void (this.#acknowledged += 1)));
      const ahead = ((i + 1) * 1000) / rate - (performance.now() - began);
      if (ahead > 5) await delay(ahead);
    }
  }

  /** Resolves when everything sent is acknowledged. */
  async settled(): Promise<void> {
    await Promise.all(this.#open.splice(0));
  }

  /** Readings of these devices in the store, and how many different ones. */
  async stored(home: Home): Promise<{ readonly rows: number; readonly different: number }> {
    const [row] = await home.sql<{ rows: number; different: number }>(
      `SELECT count(*)::float8 AS rows, count(DISTINCT (m.device_id, m.recorded_at))::float8 AS different
         FROM measurements m JOIN devices d USING (device_id) WHERE d.external_id LIKE $1`,
      [`${this.#options.name}-%`],
    );
    return row ?? { rows: 0, different: 0 };
  }

  /** Cuts a device off without a word. */
  async cut(n: number): Promise<void> {
    const client = this.#clients[n];
    if (client === undefined) return;
    const closed = once(client.stream, 'close');
    client.options.reconnectPeriod = 0;
    client.stream.destroy();
    await closed;
  }

  async end(): Promise<void> {
    await Promise.all(this.#clients.map((client) => client.endAsync(true)));
  }

  #device(n: number): string {
    return `${this.#options.name}-${String(n)}`;
  }
}
