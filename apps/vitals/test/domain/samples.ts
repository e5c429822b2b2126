/** Readings and contexts for tests of the domain. */
import type { HeldReading, Reading, Vitals } from '../../src/contracts/reading.ts';
import type { CheckContext } from '../../src/domain/quality/check.ts';
import type { Trail } from '../../src/domain/quality/trail.ts';
import { emptyTrail, extendTrail, NO_HISTORY } from '../../src/domain/quality/trail.ts';

/** 2026-11-20T00:00:00Z. */
export const T0 = Date.UTC(2026, 10, 20);

export const PATIENT = '00000000-0000-4000-8000-00000000000a';
export const DEVICE = '00000000-0000-4000-8000-00000000000d';

/** A reading without vital signs, received when it was measured. */
export function reading(changes: Partial<Reading> = {}): Reading {
  const at = changes.at ?? T0;
  return {
    kind: 'reading',
    id: '00000000-0000-8000-8000-000000000001',
    patient: PATIENT,
    device: DEVICE,
    at,
    received: at,
    correlation: 'c1',
    digest: 'd1',
    source: 'api',
    vitals: {},
    ...changes,
  };
}

export function held(changes: Partial<HeldReading> = {}): HeldReading {
  return {
    ...reading(),
    kind: 'held',
    quarantine: '00000000-0000-8000-8000-0000000000ff',
    reason: 'timestamp_old',
    patient_known: true,
    ...changes,
  };
}

/** A context about which nothing is known. */
export function context(changes: Partial<CheckContext> = {}): CheckContext {
  return {
    history: NO_HISTORY,
    sameSecond: false,
    sameInstantElsewhere: false,
    firstOfDevice: false,
    allowedFirmware: undefined,
    ...changes,
  };
}

/** The context of the last of these vital signs, each `gap` ms after the one before. */
export function after(gap: number, course: readonly Vitals[]): CheckContext {
  const trail: Trail = emptyTrail();
  let history = NO_HISTORY;
  for (const [i, vitals] of course.entries()) history = extendTrail(trail, vitals, i === 0 ? Number.NaN : gap);
  return context({ history });
}
