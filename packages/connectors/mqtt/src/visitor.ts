/** A connection to the embedded broker: who it is, what it may say, and what it was heard to say. */

import type { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';

import { FrameGuard } from './frame-guard.ts';
import type { Loss } from './messages.ts';
import { isDeviceId, readTopic } from './messages.ts';

/** The parts of a CONNECT packet that say who it is. */
export interface Introduction {
  readonly username?: string | undefined;
  readonly will?: { readonly topic: string; readonly payload: Buffer | string } | undefined;
}

export class Visitor {
  readonly socket: Socket;
  readonly guard: FrameGuard;
  /** Messages of one connection are taken one after the other, so that the order of a device is kept and PUBACKs follow it (MQTT 3.1.1, 4.6). */
  queue: Promise<void> = Promise.resolve();
  /** Whether we end the connection: a message could not be kept, or may not be sent. */
  dismissed = false;
  #device: string | undefined;
  #loss: Loss | undefined;
  #admitted = false;

  constructor(socket: Socket, maxPacket: number) {
    this.socket = socket;
    this.guard = new FrameGuard(maxPacket);
  }

  /** The device that it proved or claimed to be; undefined for an anonymous connection of a development machine. */
  get device(): string | undefined {
    return this.#device;
  }

  /** Whether it was let in. */
  get admitted(): boolean {
    return this.#admitted;
  }

  /** The device whose end of connection is watched. */
  get watched(): string | undefined {
    return this.#admitted ? (this.#device ?? this.#loss?.device) : undefined;
  }

  /** What is to be told when the connection breaks. */
  get loss(): Loss | undefined {
    // A connection that we end says nothing of the device.
    if (this.guard.saidGoodbye || this.dismissed) return undefined;
    return this.#loss ?? (this.#device === undefined ? undefined : { device: this.#device });
  }

  /** Decides whether it may come in. With a certificate the device is its common name; a user name beside it must be the same. */
  introduce({ username, will }: Introduction): boolean {
    const certified = commonName(this.socket);
    if (this.socket instanceof TLSSocket && certified === undefined) return false;
    if (certified !== undefined && username !== undefined && username !== certified) return false;
    const device = certified ?? username;
    if (device !== undefined && !isDeviceId(device)) return false;
    this.#device = device;
    if (will !== undefined) {
      const topic = readTopic(will.topic);
      if (topic?.channel !== 'status' || !this.mayPublish(topic.device)) return false;
      this.#loss = { device: topic.device, will: Buffer.from(will.payload) };
    }
    this.#admitted = true;
    return true;
  }

  /** Whether it may speak for this device. */
  mayPublish(device: string): boolean {
    return this.#device === undefined || this.#device === device;
  }
}

/** The common name of the certificate that the other side showed and TLS has checked. */
function commonName(socket: Socket): string | undefined {
  if (!(socket instanceof TLSSocket) || !socket.authorized) return undefined;
  const { subject } = socket.getPeerCertificate();
  // Absent where the name is empty, and an array where the certificate has several.
  const name: unknown = (subject as Partial<typeof subject> | undefined)?.CN;
  return typeof name === 'string' ? name : undefined;
}
