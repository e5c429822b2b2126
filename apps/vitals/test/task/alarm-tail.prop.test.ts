import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { MemoryTaskContext } from '@kidjamo/stream/testing';

import type { AlertAction, InputRecord, Vitals } from '../../src/contracts/reading.ts';
import { packReading, unpackReading } from '../../src/alarms/journal.ts';
import type { AlertRow } from '../../src/contracts/rows.ts';
import type { AlarmTail, PatientState } from '../../src/pipeline/state.ts';
import { patientKey, tailKey } from '../../src/pipeline/state.ts';
import { createVitalsTask } from '../../src/pipeline/task.ts';
import { ask } from '../actions/ask.ts';
import { DEVICE, OTHER_DEVICE, PATIENT, reading, SECOND, T0 } from './rig.ts';

/** Keeps states as they are between inputs, as a runtime with a cache does, and forgets them when told. */
class CachingContext extends MemoryTaskContext<InputRecord> {
  readonly #cache = new Map<string, unknown>();

  override get<S>(key: string): S | undefined {
    if (!this.#cache.has(key)) this.#cache.set(key, super.get(key));
    return this.#cache.get(key) as S | undefined;
  }

  override put(key: string, state: unknown): void {
    super.put(key, state);
    this.#cache.set(key, state);
  }

  forget(key: string): void {
    this.#cache.delete(key);
  }
}

const vitals: fc.Arbitrary<Vitals> = fc.record(
  {
    spo2: fc.constantFrom(97, 93, 91, 89, 86),
    temperature: fc.constantFrom(36.8, 37.6, 38.2),
    heart_rate: fc.constantFrom(70, 104, 135, 190),
    activity: fc.constantFrom(1, 9),
  },
  { requiredKeys: ['spo2'] },
);

/** Mostly undisturbed, so that readings gather; seconds since the one before. */
const step = fc.oneof(
  {
    weight: 12,
    arbitrary: fc.record({
      kind: fc.constant('reading' as const),
      after: fc.constantFrom(5, 20, 30, 30, 30, 90, 900),
      vitals: fc.oneof({ weight: 4, arbitrary: fc.constant<Vitals>({ spo2: 97, heart_rate: 70, temperature: 36.8 }) }, vitals),
      device: fc.constantFrom(DEVICE, DEVICE, DEVICE, OTHER_DEVICE),
      back: fc.constantFrom(0, 0, 0, 0, 40, 2000),
      confidence: fc.constantFrom(undefined, 95, 60),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('act' as const), after: fc.constantFrom(10, 200) }) },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant('born' as const), after: fc.constant(1), year: fc.integer({ min: 1950, max: 2026 }) }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('forget' as const), after: fc.constant(0), which: fc.constantFrom('p', 't') }) },
);

function play(context: MemoryTaskContext<InputRecord>, steps: readonly (typeof step extends fc.Arbitrary<infer S> ? S : never)[]): void {
  let now = T0;
  for (const each of steps) {
    now += each.after * SECOND;
    switch (each.kind) {
      case 'reading': {
        const { vitals: values, device, back, confidence } = each;
        const body = reading({ at: now - back * SECOND, received: now, device, vitals: values });
        context.feed(confidence === undefined ? body : { ...body, confidence }, now);
        break;
      }
      case 'act': {
        const open = openAlert(context);
        if (open !== undefined) context.feed(ask(open, 'acknowledge', { at: now }) satisfies AlertAction, now);
        break;
      }
      case 'born':
        context.feed({ kind: 'patient', patient: PATIENT, received: now, correlation: 'b', birth_date: `${each.year}-01-01` }, now);
        break;
      case 'forget':
        if (context instanceof CachingContext) context.forget(each.which === 'p' ? patientKey(PATIENT) : tailKey(PATIENT));
        break;
    }
  }
}

function openAlert(context: MemoryTaskContext<InputRecord>): AlertRow | undefined {
  const rows = (context.rows.get('alerts') ?? []) as AlertRow[];
  return rows.find((row) => 'alert_type' in row);
}

function storyOf(context: MemoryTaskContext<InputRecord>): object {
  return {
    rows: Object.fromEntries([...context.rows].filter(([table]) => table.startsWith('alert'))),
    outputs: Object.fromEntries(context.outputs),
    counters: Object.fromEntries(context.counters),
    timers: [...context.timers.values()].sort((a, b) => (a.key + a.name < b.key + b.name ? -1 : 1)),
  };
}

describe('what the alarms remember', () => {
  test('is the same whether it stays in memory, or is found again from what was written at any time', () => {
    fc.assert(
      fc.property(fc.array(step, { minLength: 1, maxLength: 70 }), (steps) => {
        const kept = new CachingContext(createVitalsTask());
        const loaded = new MemoryTaskContext(createVitalsTask());
        play(kept, steps);
        play(loaded, steps);
        expect(storyOf(kept)).toEqual(storyOf(loaded));
      }),
      { numRuns: process.env['KIDJAMO_SUITE'] === 'full' ? 150 : 30 },
    );
  });

  test('is written once for many readings that change nothing', () => {
    const context = new CachingContext(createVitalsTask());
    let writes = 0;
    const put = context.put.bind(context);
    context.put = (key, state) => {
      if (key === patientKey(PATIENT)) writes += 1;
      put(key, state);
    };
    const readings = 480;
    for (let n = 0; n < readings; n += 1) context.feed(reading({ at: T0 + n * 30 * SECOND }), T0 + n * 30 * SECOND + 500);
    expect(writes).toBeGreaterThan(0);
    // Timers of silence come between, one for each stretch without one.
    expect(writes).toBeLessThan(readings / 4);
    const state = JSON.parse(context.states.get(patientKey(PATIENT)) ?? '{}') as PatientState;
    const tail = JSON.parse(context.states.get(tailKey(PATIENT)) ?? '{}') as AlarmTail;
    expect((state.u ?? 0) + tail.e.length).toBeGreaterThanOrEqual(readings);
    expect(JSON.stringify(tail).length).toBeLessThan(4000);
  });
});

test('a reading is the same out of its small form', () => {
  const value = fc.double({ noNaN: true, noDefaultInfinity: true });
  const arbitrary = fc.record({
    received: fc.integer({ min: 0 }),
    logTime: fc.integer({ min: 0 }),
    reading: fc.record({
      device: fc.uuid(),
      at: fc.double({ min: 0, max: 4e12, noNaN: true }),
      vitals: fc.record({ heart_rate: value, spo2: value, pain: value, ambient_temp: value }, { requiredKeys: [] }),
      lowConfidence: fc.boolean(),
      notWorn: fc.boolean(),
      findings: fc.constantFrom<readonly string[]>([], ['clock_skew'], ['clock_skew', 'not_worn']),
      battery: fc.option(value, { nil: undefined }),
      signal: fc.option(value, { nil: undefined }),
      interval: fc.constant(undefined),
    }),
  });
  fc.assert(
    fc.property(arbitrary, (given) => {
      expect(unpackReading(JSON.parse(JSON.stringify(packReading(given))) as ReturnType<typeof packReading>)).toEqual(
        JSON.parse(JSON.stringify(given)) as typeof given,
      );
    }),
  );
});
