import fc from 'fast-check';
import { expect, test } from 'vitest';

import { observe } from '../../src/alarms/evaluation/observe.ts';
import { entryLength, historyBound, historyLength, longestNumber, longestSettled } from '../../src/alarms/evaluation/size.ts';
import { newHistory } from '../../src/alarms/evaluation/state.ts';
import type { AlarmHistory, Entry } from '../../src/alarms/evaluation/state.ts';
import { course, who } from './arbitraries.ts';
import { BEGIN, rulesOf } from './rig.ts';

const longestOf = (history: AlarmHistory) => Math.max(longestSettled(history), ...history.q.map(longestNumber));

test('what is counted of a history is its length as JSON, and its bound is no less', () => {
  fc.assert(
    fc.property(who, course, fc.array(fc.double({ noNaN: true }), { minLength: 9, maxLength: 9 }), (patient, readings, odd) => {
      const rules = rulesOf(patient);
      const code = Math.max(...rules.rules.map((rule) => rule.code.length));
      const history = newHistory(BEGIN);
      for (const [i, each] of readings.entries()) {
        // Now and then the longest numbers there are.
        const vitals = i % 7 === 3 ? { ...each.vitals, heart_rate: odd[0] ?? 0, spo2: odd[i % 9] ?? 0 } : each.vitals;
        observe(history, { ...each, vitals }, rules);
        const queue = history.q.reduce((sum, entry) => sum + entryLength(entry), 0);
        const { length } = JSON.stringify(history);
        expect(historyLength(history, queue)).toBe(length);
        const extent = { queue, trackers: Object.keys(history.s.r).length, code, number: longestOf(history) };
        expect(historyBound(history, extent)).toBeGreaterThanOrEqual(length);
      }
    }),
  );
});

const number = fc.oneof(
  fc.double(),
  fc.integer(),
  fc.integer({ min: -99_999, max: 99_999 }).chain((n) => fc.constantFrom(10, 100, 1000, 10_000).map((tenths) => n / tenths)),
);

test('what is counted of a reading is its length as JSON', () => {
  fc.assert(
    fc.property(fc.array(number, { minLength: 4, maxLength: 16 }), (numbers) => {
      expect(entryLength(numbers as unknown as Entry)).toBe(JSON.stringify(numbers).length);
    }),
  );
});
