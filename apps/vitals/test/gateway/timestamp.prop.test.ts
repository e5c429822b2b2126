import fc from 'fast-check';
import { expect, test } from 'vitest';

import { parseTimestamp } from '../../src/gateway/timestamp.ts';

const instants = fc.date({ min: new Date('0001-01-02T00:00:00Z'), max: new Date('9999-12-30T00:00:00Z'), noInvalidDate: true });

test('agrees with Date on everything that toISOString prints', () => {
  fc.assert(
    fc.property(instants, (date) => {
      expect(parseTimestamp(date.toISOString())).toBe(date.getTime());
      expect(parseTimestamp(date.toISOString().slice(0, -1))).toBe(date.getTime());
    }),
  );
});

test('agrees with Date on every zone', () => {
  const zone = fc.record({
    sign: fc.constantFrom('+', '-'),
    hours: fc.integer({ min: 0, max: 23 }),
    minutes: fc.integer({ min: 0, max: 59 }),
  });
  fc.assert(
    fc.property(
      fc.date({ min: new Date('1900-01-01'), max: new Date('2100-01-01'), noInvalidDate: true }),
      zone,
      (date, { sign, hours, minutes }) => {
        const text = `${date.toISOString().slice(0, -1)}${sign}${String(hours).padStart(2, '0')}:${String(minutes).padStart(2, '0')}`;
        expect(parseTimestamp(text)).toBe(new Date(text).getTime());
        expect(parseTimestamp(text.slice(0, -3) + text.slice(-2))).toBe(new Date(text).getTime());
      },
    ),
  );
});

test('keeps microseconds exactly and cuts what is finer', () => {
  fc.assert(
    fc.property(
      fc.date({ min: new Date('1840-01-01'), max: new Date('2109-01-01'), noInvalidDate: true }),
      fc.integer({ min: 0, max: 999_999 }),
      fc.stringMatching(/^\d{0,6}$/),
      (date, micros, finer) => {
        const text = `${date.toISOString().slice(0, 19)}.${String(micros).padStart(6, '0')}${finer}Z`;
        const whole = Math.floor(date.getTime() / 1000) * 1_000_000;
        expect(Math.round(parseTimestamp(text) * 1000)).toBe(whole + micros);
      },
    ),
  );
});

test('accepts a day of a month exactly when the calendar has it', () => {
  const pad = (n: number): string => String(n).padStart(2, '0');
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 9999 }), fc.integer({ min: 0, max: 13 }), fc.integer({ min: 0, max: 32 }), (year, month, day) => {
      const text = `${String(year).padStart(4, '0')}-${pad(month)}-${pad(day)}T12:00:00Z`;
      const date = new Date(text);
      const real = !Number.isNaN(date.getTime()) && date.getUTCDate() === day && date.getUTCMonth() + 1 === month;
      expect(Number.isNaN(parseTimestamp(text))).toBe(!real);
    }),
  );
});

test.each([
  '',
  '2026',
  '2026-11-21',
  '2026-11-21T',
  '2026-02-30T10:00:00Z',
  '2026-11-21T25:00:00Z',
  '2026-11-21T24:00:00Z',
  '2026-11-21T10:60:00Z',
  '2026-11-21T10:00:60Z',
  '2026-11-21T10:00:00.Z',
  '2026-11-21T10:00:00ZZ',
  '2026-11-21T10:00:00+',
  '2026-11-21T10:00:00+1',
  '2026-11-21T10:00:00+24:00',
  '2026-11-21T10:00:00+01:60',
  '2026-11-21T10:00:00 ',
  ' 2026-11-21T10:00:00',
  '0000-01-01T00:00:00Z',
  '0001-01-01T00:00:00+01:00',
  '9999-12-31T23:59:59-01:00',
  '1763713800',
  'yesterday',
  '2026-11-21X10:00:00',
  '２０２６-11-21T10:00:00Z',
  '2026-1-1T10:00:00Z',
  '+002026-11-21T10:00:00Z',
])('refuses %j', (text) => {
  expect(parseTimestamp(text)).toBeNaN();
});

test.each([
  ['2026-11-21 10:00:00', '2026-11-21T10:00:00Z'],
  ['2026-11-21t10:00z', '2026-11-21T10:00:00Z'],
  ['2026-11-21T10:00:00,5', '2026-11-21T10:00:00.500Z'],
  ['2026-11-21T10:00:00.123456789+02', '2026-11-21T08:00:00.123Z'],
])('reads %j as %s', (text, same) => {
  expect(Math.floor(parseTimestamp(text))).toBe(Date.parse(same));
});
