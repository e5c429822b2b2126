import { expect, test } from 'vitest';

import { ageAt } from '../../src/domain/age.ts';

const DAY = 86_400_000;
/** Section 1: completed years at which each band begins. */
const BEGINS = [
  ['G1', 0],
  ['G2', 1],
  ['G3', 6],
  ['G4', 13],
  ['G5', 18],
  ['G6', 60],
] as const;

test.each(['2000-01-01', '2004-02-29', '1999-12-31', '1996-07-15'])(
  'who is born on %s is in exactly one band on each day to 100 years',
  (born) => {
    const birth = Date.parse(born);
    const [year = 0, month = 0, day = 0] = born.split('-').map(Number);
    /** The day on which `years` are completed; 1 March for who was born on 29 February. */
    const birthday = (years: number): number => Date.UTC(year + years, month - 1, day);
    const changes: string[] = [];
    let before = '';
    for (let at = birth; at < birthday(100); at += DAY) {
      const { band, known } = ageAt(born, at);
      expect(known).toBe(true);
      if (band !== before) changes.push(`${band} ${new Date(at).toISOString()}`);
      before = band;
    }
    // Each band begins once, on its birthday, and follows the one before without a day between.
    expect(changes).toEqual(BEGINS.map(([band, years]) => `${band} ${new Date(birthday(years)).toISOString()}`));
  },
);
