import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { quietUntil } from '../src/notifier/quiet-hours.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const pad = (n: number): string => String(n).padStart(2, '0');
const wall = fc.tuple(fc.integer({ min: 0, max: 23 }), fc.integer({ min: 0, max: 59 })).map(([h, m]) => `${pad(h)}:${pad(m)}`);
// Among them clocks that change by half an hour, in the south, and at midnight.
const zone = fc.constantFrom(
  'Africa/Douala',
  'Europe/Paris',
  'Australia/Lord_Howe',
  'America/St_Johns',
  'Asia/Kathmandu',
  'Asia/Beirut',
  'UTC',
);
const instant = fc.integer({ min: Date.UTC(2026, 0, 1), max: Date.UTC(2027, 0, 1) });

test('a hold ends within a day and an hour, on a full minute at which it is quiet no more, and every minute before it is quiet', () => {
  fc.assert(
    fc.property(instant, fc.record({ from: wall, to: wall }), zone, (now, quiet, timeZone) => {
      const end = quietUntil(now, quiet, timeZone);
      if (end === undefined) return;
      expect(end).toBeGreaterThan(now);
      expect(end - now).toBeLessThanOrEqual(25 * HOUR);
      expect(end % MINUTE).toBe(0);
      expect(quietUntil(end, quiet, timeZone)).toBeUndefined();
      for (let at = now; at < end; at += 17 * MINUTE) expect(quietUntil(at, quiet, timeZone)).toBe(end);
      expect(quietUntil(end - 1, quiet, timeZone)).toBe(end);
    }),
  );
});

describe('examples', () => {
  const night = { from: '22:00', to: '07:00' };
  test.each([
    { when: 'before midnight', now: '2026-11-21T22:30:00Z', timeZone: 'Africa/Douala', end: '2026-11-22T06:00:00.000Z' },
    { when: 'after midnight', now: '2026-11-21T03:59:59Z', timeZone: 'Africa/Douala', end: '2026-11-21T06:00:00.000Z' },
    { when: 'the night that clocks go forward', now: '2026-03-28T22:00:00Z', timeZone: 'Europe/Paris', end: '2026-03-29T05:00:00.000Z' },
    { when: 'the night that clocks go back', now: '2026-10-24T21:00:00Z', timeZone: 'Europe/Paris', end: '2026-10-25T06:00:00.000Z' },
  ])('$when', ({ now, timeZone, end }) => {
    expect(new Date(quietUntil(Date.parse(now), night, timeZone) ?? 0).toISOString()).toBe(end);
  });

  const late = '2026-11-21T23:00:00Z';
  test.each([
    { when: 'by day', now: '2026-11-21T12:00:00Z', quiet: night, timeZone: 'Africa/Douala' },
    { when: 'at the very end', now: '2026-11-21T06:00:00Z', quiet: night, timeZone: 'Africa/Douala' },
    { when: 'an unknown zone', now: late, quiet: night, timeZone: 'Mars/Olympus' },
    { when: 'hours that are none', now: late, quiet: { from: '22h', to: '7h' }, timeZone: 'UTC' },
    { when: 'no length', now: late, quiet: { from: '00:00', to: '00:00' }, timeZone: 'UTC' },
  ])('not quiet: $when', ({ now, quiet, timeZone }) => {
    expect(quietUntil(Date.parse(now), quiet, timeZone)).toBeUndefined();
  });
});
