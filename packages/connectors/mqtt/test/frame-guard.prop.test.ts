import fc from 'fast-check';
import { expect, test } from 'vitest';

import { FrameGuard } from '../src/frame-guard.ts';

const MAX = 20_000;

/** A packet with its length as MQTT writes it (3.1.1, 2.2.3). */
function packet(type: number, length: number): Uint8Array {
  const bytes = [type << 4];
  let rest = length;
  do {
    bytes.push((rest & 127) | (rest > 127 ? 128 : 0));
    rest = Math.floor(rest / 128);
  } while (rest > 0);
  return Buffer.concat([Buffer.from(bytes), Buffer.alloc(length, 0xe0)]);
}

const lengths = fc.array(fc.integer({ min: 0, max: MAX }), { minLength: 1, maxLength: 5 });

test('packets pass however they are cut, and only a DISCONNECT is a goodbye', () => {
  fc.assert(
    fc.property(lengths, fc.boolean(), fc.integer({ min: 1, max: 5000 }), (sizes, goodbye, step) => {
      const bytes = Buffer.concat([...sizes.map((size) => packet(3, size)), ...(goodbye ? [packet(14, 0)] : [])]);
      const guard = new FrameGuard(MAX);
      for (let at = 0; at < bytes.length; at += step) expect(guard.push(bytes.subarray(at, at + step))).toBe('sound');
      expect([guard.gathered, guard.saidGoodbye]).toEqual([0, goodbye]);
    }),
  );
});

test('a packet over the bound is seen at its header', () => {
  fc.assert(
    fc.property(fc.integer({ min: MAX + 1, max: MAX * 10 }), (size) => {
      expect(new FrameGuard(MAX).push(packet(3, size).subarray(0, 4))).toBe('too_large');
    }),
  );
  expect(new FrameGuard(2 ** 40).push(Buffer.from([0x30, 0xff, 0xff, 0xff, 0xff]))).toBe('malformed');
});
