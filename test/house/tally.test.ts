import { expect, test } from 'vitest';
import { add, verdict } from '../../scripts/tally.ts';

test('the last line is plain', () => {
  expect(verdict({ passed: 3, failed: 0, skipped: 2 }, false).line).toBe('3 passed, 0 failed, 2 skipped');
});

test.each([
  { tally: { passed: 1, failed: 0, skipped: 0 }, allRequired: true, code: 0 },
  { tally: { passed: 1, failed: 0, skipped: 1 }, allRequired: false, code: 0 },
  { tally: { passed: 1, failed: 0, skipped: 1 }, allRequired: true, code: 1 },
  { tally: { passed: 9, failed: 1, skipped: 0 }, allRequired: false, code: 1 },
  { tally: { passed: 0, failed: 0, skipped: 0 }, allRequired: false, code: 1 },
  { tally: { passed: 0, failed: 0, skipped: 5 }, allRequired: false, code: 1 },
])('$tally with allRequired=$allRequired ends with $code', ({ tally, allRequired, code }) => {
  expect(verdict(tally, allRequired).code).toBe(code);
});

test('counts of suites add up', () => {
  expect(add({ passed: 1, failed: 2, skipped: 3 }, { passed: 10, failed: 20, skipped: 30 })).toEqual({
    passed: 11,
    failed: 22,
    skipped: 33,
  });
});
