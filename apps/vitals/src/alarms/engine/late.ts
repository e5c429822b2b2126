/** Alarms for late and imported data: born closed, listed, paging nobody. What lies close together is one. */

import type { Satisfied } from '../evaluation/outcome.ts';
import { SAME_STRETCH } from '../../domain/lateness.ts';
import { rankOf } from '../../domain/severity.ts';
import { MACHINE_STATES } from '../machine/table.ts';
import type { LateStretch } from './state.ts';
import type { Work } from './work.ts';
import { nextSerial, noteBreach, transitionOf } from './work.ts';

/** Stretches that are remembered*; what belongs to an older one begins anew. */
const STRETCHES = 8;

/** Notes that late data satisfied a rule. */
export function noteLate(work: Work, outcome: Satisfied, { imported, age }: { readonly imported: boolean; readonly age: number }): void {
  const { state } = work;
  const { at, rule, severity } = outcome;
  const kind = imported ? 1 : 0;
  const stretches = (state.r ??= []);
  const same = stretches.find(
    ([code, , from, to, isImported]) => code === rule.code && isImported === kind && at >= from - SAME_STRETCH && at <= to + SAME_STRETCH,
  );
  if (same !== undefined) {
    same[2] = Math.min(same[2], at);
    same[3] = Math.max(same[3], at);
    noteBreach(work, { c: rule.code, n: same[1] }, outcome);
    return;
  }
  const n = nextSerial(state);
  const stretch: LateStretch = [rule.code, n, at, at, kind];
  stretches.push(stretch);
  if (stretches.length > STRETCHES) stretches.shift();
  const rank = rankOf(severity);
  const alarm = { c: rule.code, s: MACHINE_STATES.indexOf('retrospective'), n, v: rank, p: rank };
  const turn = { input: 'holds', from: 'none', to: 'retrospective', effects: ['opens'], before: undefined } as const;
  work.transitions.push(transitionOf(work, alarm, { turn, told: { outcome, age }, reason: imported ? 'imported' : 'late' }));
  noteBreach(work, alarm, outcome);
}
