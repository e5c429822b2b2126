/**
 * How a record lies in a file, so that every broken one is noticed:
 *
 *   0  4 bytes  'KJR1'
 *   4  u32      length of the payload
 *   8  f64      number of the record
 *  16  f64      when it was recorded, ms since the epoch
 *  24  u32      CRC-32 of the above and the payload
 *  28  payload
 *
 * A write that a power cut tore is a tail without a whole record behind it; it is cut off. Damage with whole records behind it is
 * something else: those are found again, and the gap in the numbers tells what is missing.
 */

import { crc32 } from 'node:zlib';

const MAGIC = Buffer.from('KJR1');
const HEADER = 28;
/** More than any payload; a length beyond it is damage. */
const MAX_PAYLOAD = 1 << 20;

/** A record. */
export interface Frame {
  readonly number: number;
  /** When it was recorded, ms since the epoch. */
  readonly at: number;
  readonly payload: Buffer;
  /** Where the next one begins. */
  readonly end: number;
}

/** The bytes of a record in a file. */
export function encodeFrame(number: number, at: number, payload: Uint8Array): Buffer {
  const frame = Buffer.allocUnsafe(HEADER + payload.length);
  MAGIC.copy(frame);
  frame.writeUInt32LE(payload.length, 4);
  frame.writeDoubleLE(number, 8);
  frame.writeDoubleLE(at, 16);
  frame.set(payload, HEADER);
  frame.writeUInt32LE(checksum(frame, HEADER + payload.length), 24);
  return frame;
}

/** Bytes that a payload takes in a file. */
export function frameSize(payload: Uint8Array): number {
  return HEADER + payload.length;
}

/** The whole records of a file, in order. Damage between them is passed over. */
export function* framesOf(bytes: Buffer): Generator<Frame> {
  for (let at = 0; at >= 0;) {
    const frame = frameAt(bytes, at);
    if (frame !== undefined) yield frame;
    at = frame?.end ?? bytes.indexOf(MAGIC, at + 1);
  }
}

function frameAt(bytes: Buffer, at: number): Frame | undefined {
  if (bytes.length - at < HEADER || bytes.compare(MAGIC, 0, 4, at, at + 4) !== 0) return undefined;
  const end = at + HEADER + bytes.readUInt32LE(at + 4);
  if (end > bytes.length || end - at > MAX_PAYLOAD) return undefined;
  const frame = bytes.subarray(at, end);
  if (checksum(frame, frame.length) !== frame.readUInt32LE(24)) return undefined;
  return { number: frame.readDoubleLE(8), at: frame.readDoubleLE(16), payload: frame.subarray(HEADER), end };
}

function checksum(frame: Buffer, length: number): number {
  return crc32(frame.subarray(HEADER, length), crc32(frame.subarray(0, 24)));
}
