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
    fc.property(instant, wall, wall, zone, (now, from, to, timeZone) => {
      const quiet = { from, to };
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
    ['before midnight', '2026-11-21T22:30:00Z', 'Africa/Douala', '2026-11-22T06:00:00.000Z'],
    ['after midnight', '2026-11-21T03:59:59Z', 'Africa/Douala', '2026-11-21T06:00:00.000Z'],
    ['the night that clocks go forward', '2026-03-28T22:00:00Z', 'Europe/Paris', '2026-03-29T05:00:00.000Z'],
    ['the night that clocks go back', '2026-10-24T21:00:00Z', 'Europe/Paris', '2026-10-25T06:00:00.000Z'],
  ])('%s', (_name, now, timeZone, end) => {
    expect(new Date(quietUntil(Date.parse(now), night, timeZone) ?? 0).toISOString()).toBe(end);
  });

  test.each([
    ['by day', '2026-11-21T12:00:00Z', night, 'Africa/Douala'],
    ['at the very end', '2026-11-21T06:00:00Z', night, 'Africa/Douala'],
    ['an unknown zone', '2026-11-21T23:00:00Z', night, 'Mars/Olympus'],
    ['hours that are none', '2026-11-21T23:00:00Z', { from: '22h', to: '7h' }, 'UTC'],
    ['no length', '2026-11-21T23:00:00Z', { from: '00:00', to: '00:00' }, 'UTC'],
  ])('not quiet: %s', (_name, now, quiet, timeZone) => {
    expect(quietUntil(Date.parse(now), quiet, timeZone)).toBeUndefined();
  });
});
