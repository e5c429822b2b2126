import fc from 'fast-check';
import { expect, test } from 'vitest';

import { CAREGIVER, CLINICIAN, only, Ward } from './engine.rig.ts';
import { reading } from './rig.ts';

const FLOOR = 'CRITICAL_SPO2';
/** Seconds. */
const [DEADLINE, REMINDER, OFF_DELAY, GAP] = [300, 1_800, 120, 90];

type Step =
  | { readonly kind: 'reading'; readonly after: number; readonly spo2: number }
  | { readonly kind: 'act'; readonly after: number; readonly action: 'acknowledge' | 'resolve'; readonly caregiver: boolean };

/** One floor of one patient, as the clinical reference tells it: small enough to be seen to be right. Times are seconds. */
class Model {
  readonly told: string[] = [];
  state: 'none' | 'active' | 'acknowledged' | 'cleared' = 'none';
  #level = 0;
  #due = Number.POSITIVE_INFINITY;
  #acknowledged = 0;
  #holds = false;
  #inside: { since: number; last: number } | undefined;

  /** Lets time pass; what is overdue happens now. */
  pass(to: number, happens: (due: number) => number): void {
    for (;;) {
      const reminder = this.state === 'acknowledged' && this.#holds ? this.#acknowledged + REMINDER : Number.POSITIVE_INFINITY;
      const next = Math.min(reminder, this.#due);
      if (next > to) return;
      const now = happens(next);
      if (next === reminder) {
        this.state = 'active';
        this.#call('still_true', 0, now);
      } else if (this.#level < 3) this.#call('escalated', this.#level + 1, now);
      else this.#call('repeat', 3, now);
    }
  }

  read(spo2: number, now: number): void {
    this.#holds = spo2 < 88;
    if (spo2 < 90) this.#inside = undefined;
    else
      this.#inside =
        this.#inside !== undefined && now - this.#inside.last <= GAP ? { ...this.#inside, last: now } : { since: now, last: now };
    if (this.#holds) {
      if (this.state === 'none') this.#call('raised', 0, now);
      if (this.state !== 'acknowledged') this.state = 'active';
    } else if (this.#inside !== undefined && now - this.#inside.since >= OFF_DELAY) {
      if (this.state === 'active') this.state = 'cleared';
      if (this.state === 'acknowledged') this.#close();
    }
  }

  act(action: 'acknowledge' | 'resolve', caregiver: boolean, now: number): void {
    if (this.state === 'none') return;
    if (this.state !== 'acknowledged' && caregiver) this.told.push(`inform_clinician@${now}:1`);
    if (action === 'resolve' || this.state === 'cleared') this.#close();
    else if (this.state === 'active') {
      this.state = 'acknowledged';
      this.#acknowledged = now;
      this.#due = Number.POSITIVE_INFINITY;
    }
  }

  #call(reason: string, level: number, now: number): void {
    this.told.push(`${reason}@${now}:${level}`);
    this.#level = level;
    this.#due = now + DEADLINE;
  }

  #close(): void {
    this.state = 'none';
    this.#due = Number.POSITIVE_INFINITY;
  }
}

const SHOWN: Readonly<Record<string, string>> = { resolved: 'none', auto_resolved: 'none' };
const after = fc.constantFrom(30, 30, 30, 60, 90, 95, 300, 700, 1_900);
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 5, arbitrary: fc.record({ kind: fc.constant('reading' as const), after, spo2: fc.constantFrom(85, 85, 89, 97, 97, 97) }) },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('act' as const),
      after: fc.constantFrom(0, 10, 200),
      action: fc.constantFrom('acknowledge', 'acknowledge', 'acknowledge', 'resolve'),
      caregiver: fc.boolean(),
    }),
  },
);

test('one floor calls and clears as the model does', () => {
  fc.assert(
    fc.property(fc.array(step, { minLength: 1, maxLength: 80 }), (steps) => {
      const model = new Model();
      const ward = new Ward(only([FLOOR]));
      let now = 0;
      for (const each of steps) {
        now += each.after;
        model.pass(now, (due) => due);
        if (each.kind === 'reading') {
          model.read(each.spo2, now);
          ward.add(reading(now, { spo2: each.spo2 }));
        } else {
          model.act(each.action, each.caregiver, now);
          ward.until(now).act(each.action, FLOOR, { by: each.caregiver ? CAREGIVER : CLINICIAN });
        }
        const time = now;
        model.pass(now, () => time);
        const shown = ward.stateOf(FLOOR);
        expect(SHOWN[shown] ?? shown).toBe(model.state);
        expect(ward.told).toEqual(model.told);
      }
    }),
  );
});
