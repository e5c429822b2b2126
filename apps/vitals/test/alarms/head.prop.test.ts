/** What is kept in memory beside a history changes nothing, and neither does losing it. */

import fc from 'fast-check';
import { expect, test } from 'vitest';

import { observe, observeFor } from '../../src/alarms/evaluation/observe.ts';
import type { Observation } from '../../src/alarms/evaluation/observe.ts';
import type { Outcome } from '../../src/alarms/evaluation/outcome.ts';
import { newHistory } from '../../src/alarms/evaluation/state.ts';
import type { AlarmHistory } from '../../src/alarms/evaluation/state.ts';
import { arrivals, course, who } from './arbitraries.ts';
import { BEGIN, rulesOf } from './rig.ts';
import type { Who } from './rig.ts';

/** As after a reload. */
const reloaded = (history: AlarmHistory): AlarmHistory => JSON.parse(JSON.stringify(history)) as AlarmHistory;

const delays = fc.array(fc.constantFrom(0, 0, 0, 0, 20, 200, 700), { minLength: 1, maxLength: 20 });
const reloads = fc.array(fc.boolean(), { minLength: 1, maxLength: 20 });

/** A patient whose rules change at a reading. */
const patients = fc.record({ first: who, second: who, changes: fc.nat({ max: 80 }) });
const rulesAt = ({ first, second, changes }: { first: Who; second: Who; changes: number }) => {
  const [before, after] = [rulesOf(first), rulesOf(second)];
  return (i: number) => (i < changes ? before : after);
};

/** As text, rules by their code. */
const written = (observation: Observation): string =>
  JSON.stringify(observation, (name, each: unknown) => (name === 'rule' ? (each as Outcome['rule']).code : each));

test('outcomes and stored state are the same to the byte, with the head, without it, and after reloads at any point', () => {
  fc.assert(
    fc.property(patients, fc.tuple(course, delays), reloads, (patient, [readings, late], again) => {
      const rules = rulesAt(patient);
      const kept = newHistory(BEGIN);
      let lost = newHistory(BEGIN);
      let sometimes = newHistory(BEGIN);
      for (const [i, each] of arrivals(readings, late).entries()) {
        lost = reloaded(lost);
        if (again[i % again.length] === true) sometimes = reloaded(sometimes);
        const expected = written(observe(lost, each, rules(i)));
        const stored = JSON.stringify(lost);
        expect(written(observe(kept, each, rules(i)))).toBe(expected);
        expect(JSON.stringify(kept)).toBe(stored);
        expect(written(observe(sometimes, each, rules(i)))).toBe(expected);
        expect(JSON.stringify(sometimes)).toBe(stored);
      }
    }),
  );
});

test('what is not asked for is left out, and nothing else changes', () => {
  const codes = rulesOf().rules.map(({ code }) => code);
  fc.assert(
    fc.property(patients, course, fc.subarray(codes, { maxLength: 8 }), (patient, readings, asked) => {
      const rules = rulesAt(patient);
      const interest = new Set(asked);
      const whole = newHistory(BEGIN);
      const part = newHistory(BEGIN);
      for (const [i, each] of readings.entries()) {
        const all = observe(whole, each, rules(i));
        const some = observeFor(part, each, { rules: rules(i), interest });
        if (all.status === 'late' || some.status === 'late') throw new Error('readings in order are not late');
        const wanted = all.outcomes.filter(({ rule, status }) => status === 'satisfied' || status === 'pending' || interest.has(rule.code));
        expect(some.outcomes).toEqual(wanted);
        expect(part).toEqual(whole);
      }
    }),
  );
});

test('a history that was changed from outside is taken as it is', () => {
  fc.assert(
    fc.property(who, course, fc.nat(), (patient, readings, at) => {
      const rules = rulesOf(patient);
      const history = newHistory(BEGIN);
      for (const [i, each] of readings.entries()) {
        if (i === at % readings.length) {
          history.q = history.q.slice(1);
          const other = reloaded(history);
          expect(written(observe(history, each, rules))).toBe(written(observe(other, each, rules)));
          expect(history).toEqual(other);
        } else observe(history, each, rules);
      }
    }),
  );
});
