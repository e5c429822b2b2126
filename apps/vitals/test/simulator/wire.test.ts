import { expect, test } from 'vitest';

import { isFaulty } from '../../src/gateway/draft.ts';
import { draftReading } from '../../src/gateway/formats.ts';
import { isRefusal, parseBody } from '../../src/gateway/parse-body.ts';
import { inOrderOfReceipt } from '../../src/simulator/medical/receipt.ts';
import { ratesWith } from '../../src/simulator/medical/rates.ts';
import { wireReading } from '../../src/simulator/medical/wire.ts';
import { run } from './collect.ts';

const { samples } = run({
  days: 1,
  seed: 71,
  patients: 8,
  rates: ratesWith({ crisis: 0.5, infection: 0.5, off_wrist: 2, clock_skew: 1, dead_battery: 0.3, offline: 2 }),
});

test('the gateway takes every reading, and understands it as it was meant', () => {
  const formats = { nested: 0, cloud: 0 };
  for (const { sent } of samples) {
    if (sent === undefined) continue;
    const { format, body } = wireReading(sent);
    formats[format] += 1;
    const parsed = parseBody(Buffer.from(JSON.stringify(body)), false);
    if (isRefusal(parsed)) throw new Error(parsed.detail);
    const drafted = draftReading(format, parsed.items[0]?.value);
    if (isFaulty(drafted)) throw new Error(JSON.stringify(drafted));
    expect(parsed.items[0]?.refusal).toBeUndefined();
    expect(JSON.stringify(drafted.content.extra)).toBe(JSON.stringify(sent.content.extra));
    expect({ ...drafted, content: { ...drafted.content, extra: sent.content.extra } }).toEqual(sent);
  }
  expect(formats.nested).toBeGreaterThan(10_000);
  expect(formats.cloud).toBeGreaterThan(20);
});

test('readings arrive in the order of their receipt, each that was sent, once', () => {
  const arrived = [...inOrderOfReceipt(samples)];
  expect(arrived).toHaveLength(samples.filter(({ sent }) => sent !== undefined).length);
  expect(new Set(arrived)).toEqual(new Set(samples.filter(({ sent }) => sent !== undefined)));
  arrived.forEach(({ received }, i) => expect(received).toBeGreaterThanOrEqual(arrived[i - 1]?.received ?? 0));
  expect(arrived.some(({ at }, i) => at < (arrived[i - 1]?.at ?? 0))).toBe(true);
});
