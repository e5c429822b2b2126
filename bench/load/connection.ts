/** One keep-alive connection with one request under way, speaking as little HTTP/1.1 as a load client needs. */

import { connect } from 'node:net';
import type { Socket } from 'node:net';

const LINE_FEED_LINE = Buffer.from('\r\n\r\n');
/** Where the three digits of the status stand in `HTTP/1.1 200 OK`. */
const STATUS_AT = 9;
const ZERO = 48;

/** All connections read into the same memory: what was read is looked at before the next read. */
const memory = Buffer.allocUnsafeSlow(1 << 18);

/** Told of each answer. `body` is only valid during the call. */
export type OnAnswer = (status: number, body: Buffer) => void;

export interface ConnectionEvents {
  readonly onAnswer: OnAnswer;
  /** The server closed the connection, it broke, or an answer is none that a client can count. */
  readonly onFailed: (error: Error) => void;
}

export class Connection {
  readonly #socket: Socket;
  readonly #events: ConnectionEvents;
  #pending: Buffer | undefined;
  #closed = false;

  private constructor(socket: Socket, events: ConnectionEvents) {
    this.#socket = socket;
    this.#events = events;
  }

  static open(address: { host: string; port: number }, events: ConnectionEvents): Promise<Connection> {
    return new Promise((resolve, reject) => {
      const socket = connect({
        ...address,
        noDelay: true,
        onread: {
          buffer: memory,
          callback: (length) => {
            try {
              connection.#read(memory.subarray(0, length));
            } catch (error) {
              connection.#fail(error instanceof Error ? error : new Error(String(error)));
            }
            return true;
          },
        },
      });
      const connection = new Connection(socket, events);
      socket.once('connect', () => {
        socket.off('error', reject);
        socket.on('error', (error) => connection.#fail(new Error('the server closed a connection', { cause: error })));
        socket.on('close', () => connection.#fail(new Error('the server closed a connection')));
        resolve(connection);
      });
      socket.once('error', reject);
    });
  }

  /** Sends a request. The bytes MUST stay as they are until it was answered. */
  send(bytes: Buffer): void {
    this.#socket.write(bytes);
  }

  close(): void {
    this.#closed = true;
    this.#socket.destroy();
  }

  #read(chunk: Buffer): void {
    const data = this.#pending === undefined ? chunk : Buffer.concat([this.#pending, chunk]);
    const head = data.indexOf(LINE_FEED_LINE);
    const begin = head + LINE_FEED_LINE.length;
    const length = head < 0 ? Number.POSITIVE_INFINITY : contentLength(data.toString('latin1', 0, begin));
    if (data.length < begin + length) {
      this.#pending = Buffer.from(data);
      return;
    }
    this.#pending = undefined;
    if (data.length > begin + length) throw new Error('the server sent more than it was asked for');
    this.#events.onAnswer(status(data), data.subarray(begin));
  }

  #fail(error: Error): void {
    if (this.#closed) return;
    this.close();
    this.#events.onFailed(error);
  }
}

function status(data: Buffer): number {
  const digit = (i: number): number => (data[STATUS_AT + i] ?? 0) - ZERO;
  return digit(0) * 100 + digit(1) * 10 + digit(2);
}

function contentLength(head: string): number {
  const found = /\ncontent-length: *(\d+)\r/i.exec(head);
  if (found === null) throw new Error('the server answered without a content-length');
  return Number(found[1]);
}
