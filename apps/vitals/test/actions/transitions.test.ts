import { describe, expect, test } from 'vitest';

import { REFUSALS, TRANSITIONS } from '../../src/actions/transitions.ts';
import { ACTIONS, ALERT_STATUSES } from '../../src/contracts/reading.ts';
import type { ActionName, AlertStatus } from '../../src/contracts/reading.ts';

/** A transcription of ADR 16 of its own, beside what it leaves to us: a minus stands for a refusal. */
const TABLE = `
                acknowledge    comment        resolve   snooze
active          acknowledged   active         resolved  active
acknowledged    acknowledged   acknowledged   resolved  acknowledged
cleared         auto_resolved  cleared        resolved  -cleared
resolved        -closed        resolved       -closed   -closed
auto_resolved   -closed        auto_resolved  -closed   -closed
retrospective   -never_open    retrospective  -never_open -never_open
superseded      -closed        superseded     -closed   -closed
`;

const [head = '', ...lines] = TABLE.trim().split('\n');
const actions = head.trim().split(/\s+/) as ActionName[];
const cells = lines.flatMap((line) => {
  const [status = '', ...then] = line.trim().split(/\s+/);
  return then.map((cell, i) => [status as AlertStatus, actions[i] ?? 'comment', cell] as const);
});

describe('what an action makes of an alert', () => {
  test('is written down for every state and action', () => {
    expect(actions).toEqual([...ACTIONS]);
    expect(cells.length).toBe(ALERT_STATUSES.length * ACTIONS.length);
    expect(new Set(cells.map(([status]) => status))).toEqual(new Set(ALERT_STATUSES));
  });

  test.each(cells)('%s, %s: %s', (status, action, cell) => {
    const step = TRANSITIONS[status][action];
    expect('refused' in step ? `-${step.refused}` : step.to).toBe(cell);
  });

  test('says why where it is refused', () => {
    for (const why of Object.values(REFUSALS)) expect(why.length).toBeGreaterThan(10);
  });
});
