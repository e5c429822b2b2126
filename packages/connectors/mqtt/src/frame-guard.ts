/**
 * Watches the packets of a connection go by. The parser of the broker gathers a packet of up to 256 MB before anyone is asked: here the
 * length in the fixed header is read first, and a connection that announces too much is ended.
 */

/** What the bytes seen so far amount to. */
export type FrameState = 'sound' | 'too_large' | 'malformed';

const DISCONNECT = 14;
/** Bytes of the remaining length, at most (MQTT 3.1.1, 2.2.3). */
const MAX_LENGTH_BYTES = 4;

export class FrameGuard {
  readonly #max: number;
  #left = 0;
  #lengthBytes = 0;
  #type = 0;
  #inLength = false;
  #gathered = 0;
  #saidGoodbye = false;

  /** `max`: bytes of one packet behind its fixed header. */
  constructor(max: number) {
    this.#max = max;
  }

  /** Bytes received of a packet that is not complete yet. */
  get gathered(): number {
    return this.#gathered;
  }

  /** Whether a DISCONNECT packet has gone by: the connection ends because the device wants it. */
  get saidGoodbye(): boolean {
    return this.#saidGoodbye;
  }

  push(chunk: Uint8Array): FrameState {
    let at = 0;
    while (at < chunk.length) {
      if (!this.#inLength && this.#left > 0) {
        const step = Math.min(this.#left, chunk.length - at);
        this.#left -= step;
        this.#gathered = this.#left === 0 ? 0 : this.#gathered + step;
        at += step;
        continue;
      }
      const byte = chunk[at] ?? 0;
      at += 1;
      if (!this.#inLength) {
        this.#type = byte >> 4;
        this.#inLength = true;
        continue;
      }
      const state = this.#readLength(byte);
      if (state !== 'sound') return state;
    }
    return 'sound';
  }

  #readLength(byte: number): FrameState {
    this.#left += (byte & 127) * 128 ** this.#lengthBytes;
    this.#lengthBytes += 1;
    if (this.#left > this.#max) return 'too_large';
    if ((byte & 128) !== 0) return this.#lengthBytes === MAX_LENGTH_BYTES ? 'malformed' : 'sound';
    this.#inLength = false;
    this.#lengthBytes = 0;
    if (this.#type === DISCONNECT) this.#saidGoodbye = true;
    return 'sound';
  }
}
