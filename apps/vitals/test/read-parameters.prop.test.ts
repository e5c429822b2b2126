import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { decodeCursor, encodeCursor, isNameKey, isOffsetKey, isSmallKey, isTimeKey, isUuidKey, toPage } from '../src/read/paging.ts';
import { ParameterError } from '../src/read/problem.ts';
import { timeParameter } from '../src/read/time-parameter.ts';

const micros = fc.integer({ min: 0, max: 999 });
const instants = fc.date({ min: new Date('1831-01-01T00:00:00Z'), max: new Date('2109-01-01T00:00:00Z'), noInvalidDate: true });

function iso(at: Date, us: number): string {
  return `${at.toISOString().slice(0, -1)}${String(us).padStart(3, '0')}Z`;
}

describe('cursors', () => {
  it('come back as they went', () => {
    fc.assert(
      fc.property(instants, micros, fc.uuid(), (at, us, id) => {
        const key = [iso(at, us), id];
        expect(decodeCursor(encodeCursor(key), [isTimeKey, isUuidKey])).toEqual(key);
      }),
    );
  });

  it('made up by somebody hold nothing but what the shape allows', () => {
    const shape = [isNameKey, isSmallKey, isOffsetKey];
    const json = fc.array(fc.oneof(fc.string(), fc.integer(), fc.constant(null), fc.nat().map(String)), { maxLength: 4 });
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          json.map((value) => Buffer.from(JSON.stringify(value)).toString('base64url')),
        ),
        (cursor) => {
          const key = decodeCursor(cursor, shape);
          if (key !== undefined) expect(key.map((value, i) => shape[i]?.(value))).toEqual([true, true, true]);
        },
      ),
    );
  });
});

describe('pages', () => {
  it('walked to the end give every row once', () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.integer({ min: 0, max: 99_999 }), { maxLength: 50 }),
        fc.integer({ min: 1, max: 12 }),
        (numbers, limit) => {
          const rows = numbers.toSorted((a, b) => a - b);
          const seen: number[] = [];
          for (let cursor: string | null | undefined; cursor !== null;) {
            const after: number = cursor === undefined ? -1 : Number(decodeCursor(cursor, [isOffsetKey])?.[0]);
            const page = toPage(rows.filter((row) => row > after).slice(0, limit + 1), limit, (row) => [String(row)]);
            seen.push(...page.items);
            cursor = page.next_cursor;
          }
          expect(seen).toEqual(rows);
        },
      ),
    );
  });
});

describe('time parameters', () => {
  it('keep the instant to the microsecond, whatever the zone', () => {
    fc.assert(
      fc.property(instants, micros, fc.integer({ min: -14, max: 14 }), (at, us, hours) => {
        const local = iso(new Date(at.getTime() + hours * 3_600_000), us).slice(0, -1);
        const zone = `${hours < 0 ? '-' : '+'}${String(Math.abs(hours)).padStart(2, '0')}:00`;
        expect(timeParameter('since', local + zone)).toBe(iso(at, us));
      }),
    );
  });

  it('that are no times are refused by name', () => {
    fc.assert(
      fc.property(
        fc.string().filter((value) => !/^\d{4}-\d\d-\d\d/.test(value)),
        (value) => {
          expect(() => timeParameter('from', value)).toThrow(ParameterError);
        },
      ),
    );
  });
});
