/**
 * The embedded broker: takes what devices publish, and acknowledges it when it is durable. It is a door and not a switchboard: it delivers
 * nothing to anybody, keeps no retained message and no session.
 *
 *   open --stop()--> draining (no new connection, no new message; those in hand are kept and acknowledged) --> closed
 */

import { once } from 'node:events';
import type { EventEmitter } from 'node:events';
import { createServer } from 'node:net';
import type { AddressInfo, Server, Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';

import { isRetryable, KidjamoError } from '@kidjamo/stream';
import type { Clock } from '@kidjamo/stream';
import { Aedes } from 'aedes';
import type { Client, PublishPacket } from 'aedes';

import { Gate } from './gate.ts';
import { Losses } from './losses.ts';
import type { DeviceMessage, MessageKeeper, MqttMetrics } from './messages.ts';
import { readTopic } from './messages.ts';
import { Visitor } from './visitor.ts';

/** PEM texts. With them only devices with a certificate of the authority are let in. */
export interface BrokerTls {
  readonly cert: string;
  readonly key: string;
  readonly ca: string;
}

/** How the broker listens, and what bounds it. */
export interface EmbeddedBrokerOptions {
  readonly host: string;
  /** 0 takes any free one. */
  readonly port: number;
  readonly tls?: BrokerTls;
  readonly keeper: MessageKeeper;
  readonly metrics: MqttMetrics;
  readonly clock: Clock;
  readonly maxConnections: number;
  /** Bytes of one packet; {@link MAX_PACKET} when absent. */
  readonly maxPacket?: number;
}

/** Bytes of one packet: the body that HTTP takes, and room for topic and properties. */
export const MAX_PACKET = (1 << 20) + 1024;
/** Messages that are being kept at a time; the others wait, and their connections are not read from. */
const MAX_KEEPING = 512;
/** Bytes of packets that have not arrived wholly and of messages that are not acknowledged, over all connections. */
const MAX_HELD = 128 << 20;
/** QoS 2 messages of a connection between PUBREC and PUBREL. */
const MAX_HALF_OPEN = 100;
const CONNECT_TIMEOUT = 10_000;
/** Return code of CONNACK (MQTT 3.1.1, 3.2.2.3). */
const SERVER_UNAVAILABLE = 3;
const TCP_KEEPALIVE = 60_000;

export class EmbeddedBroker {
  readonly #options: EmbeddedBrokerOptions;
  readonly #visitors = new Map<Client, Visitor>();
  readonly #gate = new Gate(MAX_KEEPING);
  readonly #losses: Losses;
  #server: Server | undefined;
  #aedes: Aedes | undefined;
  #held = 0;
  #unacknowledged = 0;
  #draining = false;
  #stopped: Promise<void> | undefined;

  private constructor(options: EmbeddedBrokerOptions) {
    this.#options = options;
    this.#losses = new Losses(options);
  }

  /** @throws KidjamoError CONFIG_INVALID when it cannot listen there or the certificates cannot be used. */
  static async start(options: EmbeddedBrokerOptions): Promise<EmbeddedBroker> {
    const broker = new EmbeddedBroker(options);
    await broker.#start();
    return broker;
  }

  get port(): number {
    return (this.#server?.address() as AddressInfo | null)?.port ?? 0;
  }

  /** Open connections. */
  get connections(): number {
    return this.#visitors.size;
  }

  /** Devices that are connected under their own name. */
  get devices(): number {
    return this.#losses.devices;
  }

  /** Messages received and not acknowledged. */
  get unacknowledged(): number {
    return this.#unacknowledged;
  }

  /** Takes no more, acknowledges what was taken, and closes. */
  stop(): Promise<void> {
    this.#stopped ??= this.#close();
    return this.#stopped;
  }

  async #close(): Promise<void> {
    this.#draining = true;
    const server = this.#server;
    const closed = server?.listening === true ? once(server, 'close') : undefined;
    server?.close();
    await Promise.all([...this.#visitors.values()].map(({ queue }) => queue));
    // The acknowledgements of what was kept are written in the same turn; the broker closes its connections after it.
    await new Promise((resolve) => setImmediate(resolve));
    await this.#losses.stop();
    for (const { socket } of this.#visitors.values()) socket.destroySoon();
    this.#aedes?.close();
    await closed;
  }

  async #start(): Promise<void> {
    const { host, port, tls, maxConnections, metrics } = this.#options;
    const aedes = await Aedes.createBroker({
      connectTimeout: CONNECT_TIMEOUT,
      maxInflightInbound: MAX_HALF_OPEN,
      // Client ids are made longer below.
      maxClientsIdLength: 65_535,
      preConnect: (client, packet, done) => {
        const { username, will, clientId } = packet;
        const visitor = this.#visitors.get(client);
        const admitted = visitor?.introduce({ username, will }) === true;
        if (visitor?.watched !== undefined) this.#losses.came(visitor.watched);
        // The id decides whose connection is taken over: within one device only. The will is told by us, once for a loss.
        if (clientId !== '') Object.assign(packet, { clientId: `${visitor?.device ?? ''}/${clientId}` });
        Object.assign(packet, { will: undefined });
        // One that is not admitted is told so with a CONNACK, which `authenticate` sends.
        done(null, admitted || visitor !== undefined);
      },
      authenticate: (client, ...[, , done]) => {
        if (this.#draining) done(Object.assign(new Error('about to stop'), { returnCode: SERVER_UNAVAILABLE }), false);
        else done(null, this.#visitors.get(client)?.admitted === true);
      },
      authorizePublish: (client, packet, done) => {
        const visitor = client === null ? undefined : this.#visitors.get(client);
        if (visitor === undefined) done(new KidjamoError('INPUT_INVALID', 'a message came without a connection'));
        else
          this.#receive(visitor, packet).then(
            () => done(),
            (error: unknown) => done(error instanceof Error ? error : new Error('not kept')),
          );
      },
      authorizeSubscribe: (_client, _subscription, done) => done(null, null),
      authorizeForward: () => null,
    });
    const emitter: EventEmitter = aedes;
    emitter.on('error', (error: unknown) => metrics.fault(error, 'the embedded broker met a fault'));
    this.#aedes = aedes;
    const server = this.#makeServer(tls, (socket) => this.#welcome(aedes, socket));
    server.maxConnections = maxConnections;
    this.#server = server;
    server.listen(port, host, 4096);
    try {
      await once(server, 'listening');
    } catch (cause) {
      await this.stop();
      throw new KidjamoError('CONFIG_INVALID', 'MQTT_HOST and MQTT_PORT must name an address of this machine that is free', { cause });
    }
    server.on('error', (error) => metrics.fault(error, 'the embedded broker met a fault'));
  }

  #makeServer(tls: BrokerTls | undefined, welcome: (socket: Socket) => void): Server {
    if (tls === undefined) return createServer({ noDelay: true }, welcome);
    try {
      const server = createTlsServer(
        { ...tls, requestCert: true, rejectUnauthorized: true, minVersion: 'TLSv1.2', handshakeTimeout: CONNECT_TIMEOUT },
        welcome,
      );
      server.on('tlsClientError', () => this.#options.metrics.countMessage('refused'));
      return server;
    } catch (cause) {
      throw new KidjamoError('CONFIG_INVALID', 'MQTT_TLS_CERT, MQTT_TLS_KEY and MQTT_TLS_CA must name PEM files that belong together', {
        cause,
      });
    }
  }

  #welcome(aedes: Aedes, socket: Socket): void {
    const visitor = new Visitor(socket, this.#options.maxPacket ?? MAX_PACKET);
    // A dead connection without an MQTT keep-alive is noticed too.
    socket.setKeepAlive(true, TCP_KEEPALIVE);
    this.#watch(visitor);
    const client = aedes.handle(socket);
    this.#visitors.set(client, visitor);
    socket.once('close', () => {
      this.#visitors.delete(client);
      this.#held -= visitor.guard.gathered;
      const { watched, loss } = visitor;
      if (watched !== undefined) this.#losses.went(watched, this.#draining ? undefined : loss);
    });
  }

  /** Looks at what the broker reads before it does. It reads with `read()`, and nothing else shows the bytes in time. */
  #watch(visitor: Visitor): void {
    const { socket, guard } = visitor;
    const read = socket.read.bind(socket);
    socket.read = (size?: number): unknown => {
      const chunk: unknown = read(size);
      if (!(chunk instanceof Uint8Array)) return chunk;
      const before = guard.gathered;
      const state = guard.push(chunk);
      this.#held += guard.gathered - before;
      if (state === 'sound' && this.#held <= MAX_HELD) return chunk;
      visitor.dismissed = true;
      this.#options.metrics.countMessage('refused');
      socket.destroy();
      return null;
    };
  }

  /** Resolves when the message is durable and may be acknowledged; when it rejects, the connection is closed and the device sends again. */
  #receive(visitor: Visitor, packet: PublishPacket): Promise<void> {
    const payload = Buffer.from(packet.payload);
    const topic = readTopic(packet.topic);
    packet.retain = false;
    if (topic === undefined || !visitor.mayPublish(topic.device)) {
      visitor.dismissed = true;
      this.#options.metrics.countMessage('refused');
      return Promise.reject(new KidjamoError('INPUT_INVALID', 'a device may publish on its own topics `vitals` and `status` only'));
    }
    this.#held += payload.length;
    this.#unacknowledged += 1;
    const message = { ...topic, payload };
    const result = visitor.queue
      .then(() => this.#gate.pass(() => this.#take(visitor, message)))
      .finally(() => {
        this.#held -= payload.length;
        this.#unacknowledged -= 1;
      });
    // The failure goes to the broker, which closes the connection; the queue only waits for the end.
    visitor.queue = result.catch(() => undefined);
    return result;
  }

  async #take(visitor: Visitor, message: DeviceMessage): Promise<void> {
    const { keeper, metrics } = this.#options;
    // What comes behind a message that could not be kept waits for it to be sent again, or the order of the device would be lost.
    if (visitor.dismissed) throw new KidjamoError('OVERLOADED', 'an earlier message of this connection could not be kept');
    if (this.#draining) throw new KidjamoError('OVERLOADED', 'this process is about to stop');
    try {
      metrics.countMessage(await keeper.take(message));
    } catch (error) {
      visitor.dismissed = true;
      const expected = isRetryable(error);
      metrics.countMessage(expected ? 'unavailable' : 'failed');
      if (!expected) metrics.fault(error, 'a message could not be kept');
      throw error;
    }
  }
}
