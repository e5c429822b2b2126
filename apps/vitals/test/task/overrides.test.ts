import { beforeEach, describe, expect, test } from 'vitest';

import { CATALOGUE } from '../../src/alarms/catalogue/catalogue.ts';
import { effectiveRules } from '../../src/alarms/effective.ts';
import { MAX_OVERRIDES } from '../../src/pipeline/overrides.ts';
import { changeId, changesOf, DAY, DOCTOR, keptOf, limit, overridesOf, revoke, set } from './change.ts';
import { HOUR, MINUTE, PATIENT, reading, Rig, T0 } from './rig.ts';

const OTHER_PATIENT = '00000000-0000-4000-8000-00000000000b';

let rig: Rig;

beforeEach(() => {
  rig = new Rig();
});

const story = (): (readonly unknown[])[] => changesOf(rig).map(({ op, outcome, refused }) => [op, outcome, refused]);

describe('an override that is set', () => {
  test('is written down and remembered', () => {
    rig.feed(set({ n: 1, at: T0 + MINUTE }));
    expect(overridesOf(rig)).toEqual([
      {
        override_id: changeId(1),
        patient_id: PATIENT,
        kind: 'limit',
        rule: 'CRITICAL_SPO2',
        severity: 'critical',
        limit_name: 'spo2',
        value: 84,
        set_by: DOCTOR,
        reason: limit().reason,
        starts_at: T0,
        expires_at: T0 + DAY,
        created_at: T0 + MINUTE,
        revoked_at: null,
        revoked_by: null,
        revoke_reason: null,
      },
    ]);
    expect(changesOf(rig)).toEqual([
      {
        change_id: changeId(1),
        override_id: changeId(1),
        patient_id: PATIENT,
        op: 'set',
        outcome: 'applied',
        refused: null,
        changed_at: T0 + MINUTE,
        changed_by: DOCTOR,
        reason: limit().reason,
        asked: limit(),
        digest: changeId(1),
      },
    ]);
    expect(keptOf(rig)).toEqual([{ ...limit(), id: changeId(1), at: T0 + MINUTE }]);
    expect(rig.count('override_applied')).toBe(1);
  });

  test('of another kind leaves the columns of a limit empty', () => {
    const { by, reason, from, expires } = limit();
    const common = { by, reason, from, expires };
    rig.feed([
      set({ n: 1, at: T0 }, { kind: 'disable', rule: 'HEART_RATE_HIGH', ...common }),
      set({ n: 2, at: T0 }, { kind: 'baseline', value: 91, ...common }),
    ]);
    expect(overridesOf(rig).map((row) => [row.kind, row.rule, row.severity, row.limit_name, row.value])).toEqual([
      ['disable', 'HEART_RATE_HIGH', null, null, null],
      ['baseline', null, null, null, 91],
    ]);
  });

  test('leaves the rest of what is remembered of the patient as it was', () => {
    rig.feed(reading({ vitals: { spo2: 80 } }));
    // How many inputs the alarms have taken is all that changes with it.
    const stateOf = (): object => ({ ...(JSON.parse(rig.context.states.get(`p/${PATIENT}`) ?? '') as object), u: 0 });
    const before = stateOf();
    rig.feed(set({ n: 1, at: T0 + MINUTE }));
    expect(stateOf()).toEqual({ ...before, v: keptOf(rig) });
  });

  test('that begins later is in force from then on, by event time and without a further input', () => {
    rig.feed(set({ n: 1, at: T0 }, limit({ from: T0 + HOUR, expires: T0 + 2 * HOUR })));
    const spo2 = (now: number): unknown => {
      const age = { band: 'G5', known: true } as const;
      const { rules } = effectiveRules(CATALOGUE, { age, genotype: 'SS', baseline: 95, overrides: keptOf(rig) ?? [], now });
      const condition = rules.find(({ code }) => code === 'CRITICAL_SPO2')?.levels[0].condition;
      return condition?.kind === 'terms' ? condition.all[0]?.[0]?.value : undefined;
    };
    const usual = spo2(T0);
    expect(usual).not.toBe(84);
    expect([T0 + HOUR - 1, T0 + HOUR, T0 + 2 * HOUR - 1, T0 + 2 * HOUR].map(spo2)).toEqual([usual, 84, 84, usual]);
  });

  test('twice under one id is set once; with another body it is kept aside', () => {
    rig.feed([set({ n: 1, at: T0 }), set({ n: 1, at: T0 + 1 })]);
    expect(rig.count('duplicate')).toBe(1);
    rig.feed(set({ n: 1, at: T0 + 2 }, limit({ value: 70 }), { digest: 'another' }));
    expect(rig.quarantine).toMatchObject([{ reason: 'idempotency_conflict', source: 'override', patient_id: PATIENT }]);
    expect(overridesOf(rig)).toMatchObject([{ value: 84 }]);
    expect(story()).toEqual([['set', 'applied', null]]);
    expect(keptOf(rig)).toHaveLength(1);
  });

  test('and has expired before its turn came is refused', () => {
    rig.feed(set({ n: 1, at: T0 + DAY }));
    expect(overridesOf(rig)).toEqual([]);
    expect(keptOf(rig)).toBeUndefined();
    expect(story()).toEqual([['set', 'refused', 'expired']]);
    expect(rig.count('override_refused')).toBe(1);
  });
});

describe('an override that is ended', () => {
  test('is ended in its row, whole, and remembered no more', () => {
    rig.feed([set({ n: 1, at: T0 }), set({ n: 2, at: T0 }, limit({ value: 80 }))]);
    const [row] = overridesOf(rig);
    rig.feed(revoke({ n: 3, at: T0 + HOUR }, 1));
    expect(overridesOf(rig)[0]).toEqual({ ...row, revoked_at: T0 + HOUR, revoked_by: DOCTOR, revoke_reason: 'crise passée' });
    expect(changesOf(rig).at(-1)).toMatchObject({ change_id: changeId(3), override_id: changeId(1), op: 'revoke', asked: null });
    expect(keptOf(rig)?.map(({ id }) => id)).toEqual([changeId(2)]);
    rig.feed(revoke({ n: 4, at: T0 + HOUR }, 2));
    expect(keptOf(rig)).toBeUndefined();
  });

  test('before it begins was never in force', () => {
    rig.feed([set({ n: 1, at: T0 }, limit({ from: T0 + HOUR })), revoke({ n: 2, at: T0 + 1 }, 1)]);
    expect(keptOf(rig)).toBeUndefined();
    expect(story().at(-1)).toEqual(['revoke', 'applied', null]);
  });

  test('or over, or of nobody, or of another patient, cannot be ended, and that is written down', () => {
    rig.feed([set({ n: 1, at: T0 }), set({ n: 2, at: T0 }, limit({ expires: T0 + HOUR })), revoke({ n: 3, at: T0 + 1 }, 1)]);
    const [rows, kept] = [overridesOf(rig), keptOf(rig)];
    rig.feed([
      revoke({ n: 4, at: T0 + 2 }, 1),
      revoke({ n: 5, at: T0 + HOUR }, 2),
      revoke({ n: 6, at: T0 + HOUR }, 99),
      set({ n: 7, at: T0 + HOUR }, limit(), { patient: OTHER_PATIENT }),
      revoke({ n: 8, at: T0 + HOUR }, 7),
    ]);
    expect(overridesOf(rig).filter(({ patient_id: of }) => of === PATIENT)).toEqual(rows);
    expect(keptOf(rig)).toEqual(kept);
    expect(story().filter(([op]) => op === 'revoke')).toEqual([
      ['revoke', 'applied', null],
      ...Array.from({ length: 4 }, () => ['revoke', 'refused', 'over']),
    ]);
  });
});

describe('what is remembered', () => {
  const fill = (from: number, n: number, expires: number): void => {
    for (let i = 0; i < n; i += 1) rig.feed(set({ n: from + i, at: T0 }, limit({ expires })));
  };

  test('is bounded: one too many is refused, until one is ended or has expired', () => {
    fill(0, MAX_OVERRIDES, T0 + HOUR);
    rig.feed(set({ n: 100, at: T0 }));
    expect(story().at(-1)).toEqual(['set', 'refused', 'too_many']);
    expect(keptOf(rig)).toHaveLength(MAX_OVERRIDES);
    rig.feed([revoke({ n: 101, at: T0 }, 3), set({ n: 102, at: T0 })]);
    expect(story().at(-1)).toEqual(['set', 'applied', null]);
    rig.feed(set({ n: 103, at: T0 }));
    expect(story().at(-1)).toEqual(['set', 'refused', 'too_many']);
    rig.feed(set({ n: 104, at: T0 + HOUR }));
    expect(story().at(-1)).toEqual(['set', 'applied', null]);
    expect(keptOf(rig)).toHaveLength(MAX_OVERRIDES);
    expect(
      keptOf(rig)
        ?.slice(-2)
        .map(({ id }) => id),
    ).toEqual([changeId(102), changeId(104)]);
  });

  test('is what late readings are still judged by, for a day', () => {
    rig.feed(set({ n: 1, at: T0 }, limit({ expires: T0 + HOUR })));
    const kept = (n: number, at: number): unknown => {
      rig.feed(set({ n, at }, limit({ expires: at + 1 })));
      return keptOf(rig)?.some(({ id }) => id === changeId(1));
    };
    expect([kept(2, T0 + HOUR), kept(3, T0 + HOUR + DAY - 1), kept(4, T0 + HOUR + DAY)]).toEqual([true, true, false]);
  });
});
