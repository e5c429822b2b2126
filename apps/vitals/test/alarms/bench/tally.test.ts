import { expect, test } from 'vitest';

import type { PagedEpisode } from '../../../src/alarms/bench/matching.ts';
import type { JudgedEvent } from '../../../src/alarms/bench/tally.ts';
import { Tally } from '../../../src/alarms/bench/tally.ts';

const DAY = 86_400_000;
const EVENT: JudgedEvent = { cause: 'crisis', rules: ['CRITICAL_SPO2'], artefact: 'none', foundByLimits: true };
const EPISODE: PagedEpisode = {
  start: 0,
  end: 1,
  severity: 'critical',
  about: 'clinical',
  rule: 'CRITICAL_SPO2',
  artefact: 'motion',
  on: 'good',
  calls: 2,
  reasons: new Map([
    ['raised', 1],
    ['still_true', 1],
  ]),
  lowCalls: 0,
  notices: 0,
  calledFor: false,
};

test('nothing to tell is null, and no rate is a fraction of nothing', () => {
  expect(new Tally().figures()).toMatchObject({
    sensitivity: null,
    median_detection_s: null,
    crisis_sensitivity: null,
    pages_per_patient_day: 0,
  });
});

test('sensitivity counts those found by an alarm that stood, the median those by one that was raised', () => {
  const tally = new Tally();
  for (const after of [0, 60_000, 120_000, 900_000]) tally.event(EVENT, { after, stood: after === 60_000 });
  tally.event({ ...EVENT, cause: 'exertion' }, { after: undefined, stood: true });
  tally.event({ ...EVENT, cause: 'exertion', artefact: 'off_wrist' }, { after: undefined, stood: false });
  tally.event({ ...EVENT, cause: 'chest_syndrome', foundByLimits: false, rules: ['PAIN_SEVERE'] }, { after: undefined, stood: false });
  expect(tally.figures()).toMatchObject({
    events: 7,
    detected: 5,
    missed: 2,
    lost_to_raw_limits: 1,
    stood_already: 1,
    sensitivity: 0.7143,
    crisis_sensitivity: 0.8,
    median_detection_s: 60,
    detected_within_2_min: 0.5714,
    by_cause: {
      chest_syndrome: { events: 1, detected: 0, sensitivity: 0 },
      crisis: { events: 4, detected: 4, sensitivity: 1 },
      exertion: { events: 2, detected: 1, sensitivity: 0.5 },
    },
    missed_by: { rule: { CRITICAL_SPO2: 1, PAIN_SEVERE: 1 }, artefact: { none: 1, off_wrist: 1 } },
  });
});

test('rates are per patient-day; classes are apart', () => {
  const tally = new Tally();
  tally.watched(DAY);
  tally.watched(3 * DAY);
  tally.episode(EPISODE);
  tally.episode({ ...EPISODE, on: 'low_floor', rule: 'CRITICAL_HEART_RATE' });
  tally.episode({ ...EPISODE, calledFor: true });
  tally.episode({ ...EPISODE, severity: 'warn', calls: 0, lowCalls: 1 });
  tally.episode({ ...EPISODE, about: 'technical' });
  expect(tally.figures()).toMatchObject({
    patients: 2,
    patient_days: 4,
    pages_per_patient_day: 1.5,
    pages_without_low_confidence_floors: 1,
    paged_episodes_per_patient_day: 0.75,
    non_actionable_per_patient_day: 0.5,
    non_actionable_without_low_confidence_floors: 0.25,
    warn_episodes_per_patient_day: 0.25,
    warn_non_actionable_per_patient_day: 0.25,
    technical_episodes_per_patient_day: 0.25,
    pages_by_reason: { raised: 3, still_true: 3 },
    non_actionable_by: { rule: { CRITICAL_HEART_RATE: 1, CRITICAL_SPO2: 1 }, artefact: { motion: 2 }, evidence: { good: 1, low_floor: 1 } },
  });
});
