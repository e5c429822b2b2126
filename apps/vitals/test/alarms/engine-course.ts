/** Random courses of a patient for the alarm engine: readings in and out of order, silence, people, and rules that change. */

import fc from 'fast-check';

import type { Vitals } from '../../src/contracts/reading.ts';
import { AGE_BANDS } from '../../src/domain/age.ts';
import type { EffectiveRules } from '../../src/alarms/effective.ts';
import type { ActionName, Lateness } from '../../src/alarms/engine/index.ts';
import type { Ward } from './engine.rig.ts';
import { CAREGIVER, CLINICIAN, only } from './engine.rig.ts';
import { BEGIN, MINUTE, reading, SECOND } from './rig.ts';

/** Rules of every family and reach, few enough to play many courses. */
export const RULES = [
  'CRITICAL_SPO2',
  'CRITICAL_TEMPERATURE',
  'CRITICAL_HEART_RATE',
  'CRITICAL_COMBINATION_FEVER_SPO2',
  'SPO2_LOW',
  'HEART_RATE_HIGH',
  'TEMPERATURE_HIGH',
  'AMBIENT_COLD',
  'CRISIS_SUSPECTED',
  'PERSISTENT_SPO2_LOW',
  'TREND_HEART_RATE_UP',
  'TECHNICAL_DEVICE_SILENT',
  'TECHNICAL_BATTERY_LOW',
  'TECHNICAL_NOT_WORN',
];

/** What happens, some seconds after what was before. */
export type Event =
  | {
      readonly kind: 'reading';
      readonly after: number;
      readonly vitals: Vitals | undefined;
      readonly lowConfidence: boolean;
      readonly notWorn: boolean;
      readonly battery: number;
      /** Seconds that it was under way. */
      readonly delay: number;
      readonly late: Lateness;
    }
  | { readonly kind: 'act'; readonly after: number; readonly action: ActionName; readonly which: number; readonly caregiver: boolean }
  | { readonly kind: 'rules'; readonly after: number; readonly without: number; readonly audience: number };

export interface Course {
  readonly band: (typeof AGE_BANDS)[number];
  readonly events: readonly Event[];
}

/** Values around the limits, so that they are crossed often. */
const vitals: fc.Arbitrary<Vitals> = fc.record(
  {
    spo2: fc.constantFrom(97, 95, 93, 91, 89, 87, 84),
    temperature: fc.constantFrom(36.8, 37.5, 37.8, 38, 38.6),
    heart_rate: fc.constantFrom(35, 70, 105, 125, 145, 185),
    ambient_temp: fc.constantFrom(20, 8, 2),
    pain: fc.constantFrom(0, 6),
    activity: fc.constantFrom(1, 9),
  },
  { requiredKeys: [] },
);

const rarely = (odds: number) => fc.integer({ min: 1, max: odds }).map((n) => n === 1);
const after = fc.constantFrom(0, 10, 30, 30, 30, 30, 30, 30, 60, 95, 300, 900);
const event: fc.Arbitrary<Event> = fc.oneof(
  {
    weight: 14,
    arbitrary: fc.record({
      kind: fc.constant('reading' as const),
      after,
      vitals: fc.option(vitals, { nil: undefined, freq: 4 }),
      lowConfidence: rarely(5),
      notWorn: rarely(20),
      battery: fc.constantFrom(80, 80, 10),
      delay: fc.constantFrom(0, 0, 0, 0, 20, 90, 400, 7_200),
      late: fc.constantFrom<Lateness>('live', 'live', 'live', 'live', 'live', 'live', 'live', 'live', 'late', 'newest', 'imported', 'held'),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('act' as const),
      after: fc.constantFrom(0, 5, 60),
      action: fc.constantFrom<ActionName>('acknowledge', 'acknowledge', 'acknowledge', 'resolve', 'comment', 'snooze'),
      which: fc.nat(20),
      caregiver: fc.boolean(),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('rules' as const),
      after: fc.constantFrom(0, 30),
      without: fc.nat(3 * RULES.length),
      audience: fc.constantFrom(15, 15, 9, 3),
    }),
  },
);

export const course: fc.Arbitrary<Course> = fc.record({
  band: fc.constantFrom(...AGE_BANDS),
  events: fc.array(event, { minLength: 5, maxLength: 70 }),
});

/** The rules of a course, perhaps without one of them. */
export function rulesFor({ band }: Course, without = RULES.length, codes: readonly string[] = RULES): EffectiveRules {
  return only(
    codes.filter((code) => code !== RULES[without]),
    { band, genotype: 'SS' },
  );
}

/** Plays the events one by one; `check` is asked after each, with its event time. */
export function play(
  all: Course,
  {
    ward,
    codes = RULES,
    check,
  }: { readonly ward: Ward; readonly codes?: readonly string[]; readonly check?: (event: Event, at: number) => void },
): Ward {
  let last: Vitals = { spo2: 97, temperature: 36.8, heart_rate: 70 };
  let now = 0;
  for (const [i, each] of all.events.entries()) {
    now += each.after;
    // No device has two readings of one instant.
    const at = now - (each.kind === 'reading' ? each.delay : 0) + i / 1_000;
    switch (each.kind) {
      case 'reading': {
        last = each.vitals ?? last;
        const { lowConfidence, notWorn, battery, late } = each;
        const findings = notWorn ? ['not_worn'] : [];
        ward.add(reading(at, last, { lowConfidence, notWorn, battery, findings }), { late, received: now + i / 1_000 });
        break;
      }
      case 'act': {
        ward.until(now);
        const clinical = ward.transitions.filter((transition) => transition.class === 'clinical');
        const chosen = clinical.at(-1 - each.which);
        if (chosen !== undefined)
          ward.act(each.action, chosen.rule, { by: each.caregiver ? CAREGIVER : CLINICIAN, until: BEGIN + now * SECOND + 30 * MINUTE });
        break;
      }
      case 'rules':
        ward.until(now);
        ward.rules = rulesFor(all, each.without, codes);
        ward.audience = each.audience;
        ward.input({ kind: 'rules' });
        break;
    }
    check?.(each, BEGIN + at * SECOND);
  }
  return ward;
}
