import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import type { Severity } from '../../src/contracts/reading.ts';
import { rankOf } from '../../src/domain/severity.ts';
import type { EffectiveRules } from '../../src/alarms/effective.ts';
import { advance, newAlarmState } from '../../src/alarms/engine/index.ts';
import type { AlarmEffects, AlarmInput, Around, Transition } from '../../src/alarms/engine/index.ts';
import { course, play, RULES, rulesFor } from './engine-course.ts';
import { only, Ward } from './engine.rig.ts';
import { BEGIN, MINUTE, reading, SECOND } from './rig.ts';

const CRITICAL = rankOf('critical');

/** What people know of an alarm, from the transitions and calls alone. */
interface Known {
  readonly rule: string;
  state: string;
  /** The gravest that nobody has seen. */
  peak: number;
  /** Log time since when nobody has seen it at this severity. */
  since: number;
  confirmed: boolean;
}

/** Follows the alarms by what is told of them. */
class Watcher {
  readonly alarms = new Map<string, Known>();
  #seen = 0;

  follow({ transitions }: Ward): void {
    for (const each of transitions.slice(this.#seen)) this.#add(each);
    this.#seen = transitions.length;
  }

  #add({ alarm, rule, from, to, severity, reason, logTime }: Transition): void {
    const known: Known = this.alarms.get(alarm) ?? { rule, state: from, peak: -1, since: logTime, confirmed: true };
    this.alarms.set(alarm, known);
    const rank = rankOf(severity.after);
    const wasConfirmed = known.confirmed;
    if (reason === 'doubtful') known.confirmed = from === 'cleared' && known.confirmed && known.peak >= 0;
    else if (to === 'active' && reason !== 'comment') known.confirmed = true;
    if (known.confirmed && !wasConfirmed) known.since = logTime;
    if (from === 'acknowledged' && to === 'active') known.peak = -1;
    if ((to === 'active' && rank > known.peak) || (from !== 'active' && to === 'active')) known.since = logTime;
    known.peak = to === 'acknowledged' ? -1 : Math.max(known.peak, rank);
    known.state = to;
  }

  /** Criticals that a person should have been called for and has not seen. */
  *owed(): Generator<readonly [id: string, known: Known]> {
    for (const [id, known] of this.alarms) {
      if (
        known.confirmed &&
        known.peak >= CRITICAL &&
        (known.state === 'active' || known.state === 'cleared') &&
        !known.rule.startsWith('TECHNICAL')
      )
        yield [id, known];
    }
  }
}

describe('over random courses', () => {
  test('no critical is lost: until a person has seen it, somebody is called for it again and again', () => {
    fc.assert(
      fc.property(course, (all) => {
        const ward = new Ward(rulesFor(all));
        const watcher = new Watcher();
        play(all, {
          ward,
          check: () => {
            watcher.follow(ward);
            for (const [id, { rule, since }] of watcher.owed()) {
              expect(ward.due, rule).not.toBeNull();
              expect(ward.due, rule).toBeLessThanOrEqual(ward.now + 5 * MINUTE);
              const called = ward.calls.some(
                ({ alarms, logTime, reason }) => alarms.includes(id) && logTime >= since && reason !== 'inform_clinician',
              );
              if (!called) expect(ward.now - since, rule).toBeLessThan(5 * MINUTE);
            }
          },
        });
      }),
    );
  });

  test('every deadline is met at the first log time at or after it, timers or none', () => {
    fc.assert(
      fc.property(course, fc.boolean(), (all, deaf) => {
        const ward = new Ward(rulesFor(all));
        play(all, {
          ward,
          check: () => {
            if (ward.due !== null) expect(ward.due).toBeGreaterThan(ward.now);
            if (deaf) ward.due = null;
          },
        });
      }),
    );
  });

  test('every step has a name of its own, and no level is called twice for one deadline', () => {
    fc.assert(
      fc.property(course, (all) => {
        const { calls } = play(all, { ward: new Ward(rulesFor(all)) });
        expect(new Set(calls.map(({ step }) => step)).size).toBe(calls.length);
        const escalations = calls.filter(({ reason }) => reason === 'escalated' || reason === 'repeat');
        expect(new Set(escalations.map(({ episode, level, deadline }) => `${episode} ${level} ${String(deadline)}`)).size).toBe(
          escalations.length,
        );
      }),
    );
  });

  test('calls are about what nobody has seen, of one class, and never beyond what the severity allows', () => {
    fc.assert(
      fc.property(course, (all) => {
        const ward = new Ward(rulesFor(all));
        let seen = 0;
        play(all, {
          ward,
          check: () => {
            for (const { alarms, class: kind, severity, level, reason, logTime } of ward.calls.slice(seen)) {
              expect(alarms.length).toBeGreaterThan(0);
              for (const id of alarms) {
                const last = ward.transitions.findLast((each) => each.alarm === id && each.logTime <= logTime);
                expect(last?.class).toBe(kind);
                if (reason !== 'inform_clinician' && logTime < ward.now) expect(last?.to).not.toBe('acknowledged');
              }
              if (severity === 'warn' && (ward.audience ?? 15) % 2 === 1) expect(level).toBe(0);
              if (severity === 'alert') expect(level).toBeLessThanOrEqual(1);
            }
            seen = ward.calls.length;
          },
        });
      }),
    );
  });

  test('technical alarms change nothing about clinical ones', () => {
    const clinical = RULES.filter((code) => !code.startsWith('TECHNICAL'));
    const told = (ward: Ward) => [
      ward.transitions.filter((each) => each.class === 'clinical').map(({ alarm: _, ...rest }) => rest),
      ward.calls
        .filter((each) => each.class === 'clinical')
        .map(({ level, reason, severity, logTime, deadline, reach, alarms }) => [
          level,
          reason,
          severity,
          logTime,
          deadline,
          reach,
          alarms.length,
        ]),
    ];
    fc.assert(
      fc.property(course, (all) => {
        const mixed = play(all, { ward: new Ward(rulesFor(all)) });
        const pure = play(all, { ward: new Ward(rulesFor(all, undefined, clinical)), codes: clinical });
        expect(told(mixed)).toEqual(told(pure));
      }),
    );
  });

  test('no data is never recovery', () => {
    const nothing = fc.array(fc.constantFrom({ vitals: {} }, { notWorn: true, findings: ['not_worn'] }, { lowConfidence: true }), {
      maxLength: 20,
    });
    fc.assert(
      fc.property(course, nothing, fc.constantFrom(30, 60, 600), (all, readings, every) => {
        const ward = play(all, { ward: new Ward(rulesFor(all)) });
        const before = ward.transitions.length;
        let at = (ward.now - BEGIN) / SECOND;
        for (const each of readings)
          ward.add(reading((at += every), { spo2: 97, temperature: 36.8, heart_rate: 70, ambient_temp: 20, pain: 0 }, each));
        ward.until(at + 7_200);
        const clinical = ward.transitions.slice(before).filter((each) => each.class === 'clinical');
        expect(clinical.filter(({ reason }) => ['recovered', 'inside', 'between', 'lesser'].includes(reason))).toEqual([]);
      }),
    );
  });

  test('nothing clears without two minutes inside', () => {
    fc.assert(
      fc.property(course, (all) => {
        const ward = new Ward(rulesFor(all));
        const known: { at: number; spo2: number; good: boolean }[] = [];
        let last: number | undefined = 97;
        let seen = 0;
        play(all, {
          ward,
          check: (each, at) => {
            if (each.kind === 'reading') {
              if (each.vitals !== undefined) last = each.vitals.spo2;
              const isEvidence = last !== undefined && !each.notWorn && each.late !== 'imported' && each.late !== 'held';
              if (isEvidence) known.push({ at, spo2: last ?? 0, good: !each.lowConfidence });
            }
            for (const { rule, reason, eventTime = 0 } of ward.transitions.slice(seen)) {
              if (rule !== 'CRITICAL_SPO2' || reason !== 'recovered') continue;
              expect(eventTime - insideSince(known, eventTime)).toBeGreaterThanOrEqual(2 * MINUTE);
            }
            seen = ward.transitions.length;
          },
        });
      }),
    );
  });

  test('a replay gives the same effects, and writing and reading the state in between changes nothing', () => {
    fc.assert(
      fc.property(course, (all) => {
        const inputs: (readonly [AlarmInput, Around])[] = [];
        const recorder = new Recorder(rulesFor(all), inputs);
        play(all, { ward: recorder });
        const kept = newAlarmState();
        const effects: AlarmEffects[] = inputs.map(([input, around]) => advance(kept, input, around));
        expect(effects.flatMap(({ transitions }) => transitions)).toEqual(recorder.transitions);
        expect(effects.flatMap(({ calls }) => calls)).toEqual(recorder.calls);
        expect(effects.flatMap(({ refusals }) => refusals)).toEqual(recorder.refusals);
        expect(kept).toEqual(recorder.state);
        expect(JSON.parse(JSON.stringify(kept))).toEqual(kept);
      }),
    );
  });
});

/** The first good reading inside the margin of the floor after the last that was not; what is doubtful and normal says nothing. */
function insideSince(known: readonly { at: number; spo2: number; good: boolean }[], until: number): number {
  let since = until;
  for (const { at, spo2, good } of known.filter((each) => each.at <= until).sort((a, b) => b.at - a.at)) {
    if (spo2 < 88 || (spo2 < 90 && good)) return since;
    if (good) since = at;
  }
  return since;
}

/** Keeps the inputs that it was given. */
class Recorder extends Ward {
  readonly #inputs: (readonly [AlarmInput, Around])[];

  constructor(rules: EffectiveRules, inputs: (readonly [AlarmInput, Around])[]) {
    super(rules);
    this.#inputs = inputs;
  }

  override input(input: AlarmInput): void {
    this.#inputs.push([input, this.around()]);
    super.input(input);
  }
}

test('while a condition worsens, the severity never falls and nothing clears', () => {
  const steps = fc.array(fc.record({ fall: fc.constantFrom(0, 0, 0, 1, 2), every: fc.constantFrom(10, 30, 60) }), {
    minLength: 5,
    maxLength: 60,
  });
  fc.assert(
    fc.property(steps, (all) => {
      const ward = new Ward(only(['CRITICAL_SPO2', 'SPO2_LOW', 'PERSISTENT_SPO2_LOW', 'PERSISTENT_SPO2_VERY_LOW']));
      let spo2 = 96;
      let at = 0;
      let gravest = -1;
      for (const { fall, every } of all) {
        spo2 = Math.max(75, spo2 - fall);
        ward.add(reading((at += every), { spo2 }));
        const now = gravestOf(ward);
        expect(now).toBeGreaterThanOrEqual(gravest);
        gravest = now;
      }
      expect(ward.transitions.filter(({ to, reason }) => to === 'cleared' || to === 'auto_resolved' || reason === 'lesser')).toEqual([]);
    }),
  );
});

function gravestOf({ transitions }: Ward): number {
  const last = new Map<string, Severity>(
    transitions.filter(({ to }) => to === 'active').map(({ rule, severity }) => [rule, severity.after]),
  );
  return Math.max(-1, ...[...last.values()].map(rankOf));
}
