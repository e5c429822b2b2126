/**
 * The client of an external broker: a persistent session, QoS 1, and an acknowledgement only when the message is durable. While nothing
 * can be kept it acknowledges nothing, so that the broker keeps the messages; after a restart of either side it sends again what was not
 * acknowledged.
 */

import { isRetryable } from '@kidjamo/stream';
import type { Clock } from '@kidjamo/stream';
import mqtt from 'mqtt';
import type { IClientOptions, MqttClient } from 'mqtt';

import type { BrokerTls } from './embedded-broker.ts';
import { DEVICE_FILTERS, readTopic } from './messages.ts';
import type { DeviceMessage, MessageKeeper, MqttMetrics } from './messages.ts';

/** Where the broker is, and who we are there. */
export interface ExternalClientOptions {
  /** Such as `mqtt://127.0.0.1:1883` or `mqtts://broker:8883`. */
  readonly url: string;
  /** Fixed: the broker keeps the session under it. Two processes with one id cut each other off. */
  readonly clientId: string;
  readonly username?: string;
  readonly password?: string;
  /** Our certificate, and the authority of the broker's. */
  readonly tls?: Partial<BrokerTls>;
  /** 4 is MQTT 3.1.1. */
  readonly protocol: 4 | 5;
  readonly keeper: MessageKeeper;
  readonly metrics: MqttMetrics;
  readonly clock: Clock;
}

/** Messages that an MQTT 5 broker may send ahead of our acknowledgement. */
const RECEIVE_MAXIMUM = 100;
/** The session of an MQTT 5 broker does not end. */
const NEVER = 0xffff_ffff;
const RECONNECT_EVERY = 1000;
const FIRST_PAUSE = 100;
const LONGEST_PAUSE = 5000;

export class ExternalClient {
  readonly #options: ExternalClientOptions;
  readonly #stop = new AbortController();
  #client: MqttClient | undefined;
  #connection = 0;
  #subscribed = false;
  #inHand: Promise<void> = Promise.resolve();
  #unacknowledged = 0;

  private constructor(options: ExternalClientOptions) {
    this.#options = options;
  }

  /** Starts to connect, and goes on trying until {@link stop}. */
  static start(options: ExternalClientOptions): ExternalClient {
    const external = new ExternalClient(options);
    external.#connect();
    return external;
  }

  /** Whether it is connected and subscribed. */
  get ready(): boolean {
    return this.#subscribed;
  }

  /** Messages received and not acknowledged. */
  get unacknowledged(): number {
    return this.#unacknowledged;
  }

  /** Ends the message in hand, acknowledges it, and leaves; the broker keeps the session. */
  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#inHand;
    await this.#client?.endAsync();
  }

  #connect(): void {
    const { url, clientId, username, password, tls, protocol, metrics } = this.#options;
    const options: IClientOptions = {
      clientId,
      clean: false,
      protocolVersion: protocol,
      reconnectPeriod: RECONNECT_EVERY,
      reconnectOnConnackError: true,
      resubscribe: false,
      ...(protocol === 5 ? { properties: { sessionExpiryInterval: NEVER, receiveMaximum: RECEIVE_MAXIMUM } } : {}),
      ...(username === undefined ? {} : { username }),
      ...(password === undefined ? {} : { password }),
      ...tls,
    };
    const client = mqtt.connect(url, options);
    this.#client = client;
    // The one hook that holds the acknowledgement in both versions of MQTT; `customHandleAcks` is left out with 3.1.1.
    client.handleMessage = ({ topic, payload }, done) => {
      this.#inHand = this.#receive({ topic, payload: Buffer.from(payload) }, done);
    };
    client.on('connect', () => {
      this.#connection += 1;
      const granted = Object.fromEntries(
        DEVICE_FILTERS.map((filter) => [filter, { qos: 1 as const, ...(protocol === 5 ? { rh: 1 } : {}) }]),
      );
      client.subscribe(granted, (error, answers) => {
        const refused = error ?? answers?.find(({ qos }) => qos !== 1);
        this.#subscribed = refused === undefined;
        if (refused !== undefined) metrics.fault(error, 'the broker refused the subscription');
      });
    });
    client.on('close', () => {
      this.#subscribed = false;
    });
    client.on('error', (error) => metrics.fault(error, 'the external broker met a fault'));
  }

  async #receive({ topic, payload }: { topic: string; payload: Buffer }, done: (error?: Error) => void): Promise<void> {
    const connection = this.#connection;
    const place = readTopic(topic);
    const acknowledge = (): void => {
      // The number of a message means nothing on another connection: acknowledged there, it could be that of a message not kept.
      if (connection !== this.#connection || !this.#client?.connected) done(new Error('the connection ended before the message was kept'));
      else done();
    };
    if (place === undefined) {
      this.#options.metrics.countMessage('refused');
      acknowledge();
      return;
    }
    this.#unacknowledged += 1;
    try {
      const kept = await this.#keep({ ...place, payload });
      if (kept !== undefined) acknowledge();
      else done(new Error('this process is about to stop'));
    } finally {
      this.#unacknowledged -= 1;
    }
  }

  /** Tries until the message is durable; undefined when the process stops before. */
  async #keep(message: DeviceMessage) {
    const { keeper, metrics, clock } = this.#options;
    const { signal } = this.#stop;
    for (let pause = FIRST_PAUSE; ; pause = Math.min(LONGEST_PAUSE, pause * 2)) {
      try {
        const verdict = await keeper.take(message);
        metrics.countMessage(verdict);
        return verdict;
      } catch (error) {
        const expected = isRetryable(error);
        metrics.countMessage(expected ? 'unavailable' : 'failed');
        if (!expected) metrics.fault(error, 'a message could not be kept');
      }
      if (signal.aborted) return undefined;
      await clock.sleep(pause, signal);
      if (signal.aborted) return undefined;
    }
  }
}
