/**
 * MQTT, QoS 1, on `kidjamo/v1/devices/{device_id}/vitals`: the broker's PUBACK is the delivery, and nothing else is. MQTT has no
 * idempotency key: sent again, a reading is told by its device and time. After a lost connection the same bytes are published again
 * by the kit, from the disk; the client itself keeps nothing. What the server cannot take waits in its quarantine.
 */

import type { IClientOptions, MqttClient } from 'mqtt';

import type { Delivery, OutgoingBatch, Transport } from './transport.ts';

export interface MqttOptions {
  /** `mqtt://`, `mqtts://`, `ws://` or `wss://`. */
  readonly url: string;
  readonly deviceId: string;
  /** Text of a status message that the broker publishes on `.../status` when the connection is lost. */
  readonly will?: string;
  /** Options of the `mqtt` package, for instance `cert`, `key`, `ca`, `username`. */
  readonly client?: IClientOptions;
  /** How long a connection, and how long an acknowledgement, may take, ms. Default 30,000. */
  readonly timeoutMs?: number;
}

/**
 * Sends by MQTT. Needs the package `mqtt`.
 * @throws RangeError when the device's id cannot stand in a topic.
 */
export function mqttTransport(options: MqttOptions): Transport {
  return new MqttTransport(options);
}

class MqttTransport implements Transport {
  readonly #options: MqttOptions;
  readonly #topic: string;
  #client: MqttClient | undefined;

  constructor(options: MqttOptions) {
    if (!/^[^/+#\0]+$/.test(options.deviceId)) throw new RangeError('deviceId must not hold / + # or NUL when it is sent by MQTT');
    this.#options = options;
    this.#topic = `kidjamo/v1/devices/${options.deviceId}`;
  }

  async send({ body }: OutgoingBatch, signal: AbortSignal): Promise<Delivery> {
    const timeout = AbortSignal.any([signal, AbortSignal.timeout(this.#options.timeoutMs ?? 30_000)]);
    try {
      const client = this.#client ?? (await this.#connect(timeout));
      this.#client = client;
      await publish(client, { topic: `${this.#topic}/vitals`, body, signal: timeout });
      return { kind: 'settled' };
    } catch (error) {
      this.#drop();
      return { kind: 'retry', reason: `MQTT: ${error instanceof Error ? reasonOf(error) : 'failed'}` };
    }
  }

  async close(): Promise<void> {
    const client = this.#client;
    this.#client = undefined;
    // A clean end: the broker does not publish the will.
    await client?.endAsync();
  }

  /** A client that failed is not used again: it would send what it remembers beside what the kit sends. */
  #drop(): void {
    this.#client?.end(true);
    this.#client = undefined;
  }

  async #connect(signal: AbortSignal): Promise<MqttClient> {
    const { url, deviceId, will, client: given } = this.#options;
    const { connect } = await import('mqtt');
    signal.throwIfAborted();
    const client = connect(url, {
      clientId: deviceId,
      clean: true,
      ...given,
      // The kit has the back-off and the memory.
      reconnectPeriod: 0,
      queueQoSZero: false,
      ...(will === undefined ? {} : { will: { topic: `${this.#topic}/status`, payload: Buffer.from(will), qos: 1, retain: false } }),
    });
    // A failure between two batches shows at the next one.
    client.on('error', () => undefined);
    client.once('close', () => {
      if (this.#client === client) this.#client = undefined;
    });
    try {
      await settled(signal, (resolve, reject) => {
        client.once('connect', () => resolve());
        client.once('error', reject);
        client.once('close', () => reject(new Error('the connection was closed')));
      });
      return client;
    } catch (error) {
      client.end(true);
      throw error;
    }
  }
}

function publish(client: MqttClient, message: { topic: string; body: Buffer; signal: AbortSignal }): Promise<void> {
  return settled(message.signal, (resolve, reject) => {
    const closed = (): void => reject(new Error('the connection was closed'));
    client.once('close', closed);
    client.publish(message.topic, message.body, { qos: 1 }, (error) => {
      client.off('close', closed);
      if (error) reject(error);
      else resolve();
    });
  });
}

function settled(signal: AbortSignal, work: (resolve: () => void, reject: (error: Error) => void) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    const aborted = (): void => reject(new Error('no answer in time'));
    if (signal.aborted) {
      aborted();
      return;
    }
    signal.addEventListener('abort', aborted, { once: true });
    const done = (): void => signal.removeEventListener('abort', aborted);
    work(
      () => {
        done();
        resolve();
      },
      (error) => {
        done();
        reject(error);
      },
    );
  });
}

function reasonOf(error: Error): string {
  return 'code' in error && (typeof error.code === 'string' || typeof error.code === 'number') ? String(error.code) : error.message;
}
