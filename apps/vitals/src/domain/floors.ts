/**
 * Floors: limits that hold at any age and are recorded on every reading that breaches them. Only a clinician's override for one
 * patient can relax them. Numbers: clinical reference, section 1 (limits of the older gateway). Not validated for medical use.
 */

import type { Vitals } from '../contracts/reading.ts';
import { ACTIONS } from './actions.ts';
import type { Rule } from './rule.ts';

/** Codes of the floors, in the order in which they are recorded. */
export const FLOOR_CODES = ['CRITICAL_SPO2', 'CRITICAL_TEMPERATURE', 'CRITICAL_HEART_RATE', 'CRITICAL_COMBINATION_FEVER_SPO2'] as const;
export type FloorCode = (typeof FLOOR_CODES)[number];

/** The limits in force. Units: %, Cel, Cel, /min, /min, %. */
export const FLOOR_LIMITS = {
  /** Breached below it. */
  spo2: 88,
  /** Breached from it on. */
  temperature: 38,
  /** From here on the alert bears the tag `emergency_protocol`. */
  temperatureEmergency: 38.5,
  /** Breached below it. */
  heartRateLow: 40,
  /** Breached above it. */
  heartRateHigh: 180,
  /** With fever: breached at it and below. */
  spo2WithFever: 92,
} as const;

/** Version of the limits; every alert names it. */
export const FLOOR_VERSION = '1.0.0';

/** What an alert says and does about one floor. */
export interface Floor extends Rule {
  readonly code: FloorCode;
}

/** Tag of a temperature that calls for the emergency protocol at once. */
export const EMERGENCY_PROTOCOL = 'emergency_protocol';

const NO_TAGS: readonly string[] = [];
const EMERGENCY_TAGS: readonly string[] = [EMERGENCY_PROTOCOL];

function temperatureTags(vitals: Vitals): readonly string[] {
  return (vitals.temperature ?? Number.NEGATIVE_INFINITY) >= FLOOR_LIMITS.temperatureEmergency ? EMERGENCY_TAGS : NO_TAGS;
}

/** The floors by code. Severity is critical for all. Actions: reference systems, A2.1. */
export const FLOORS: Readonly<Record<FloorCode, Floor>> = {
  CRITICAL_SPO2: {
    code: 'CRITICAL_SPO2',
    kind: 'floor',
    version: FLOOR_VERSION,
    severity: 'critical',
    vitals: ['spo2'],
    limit: 'SpO2 < 88 %',
    title: { fr: 'Saturation en oxygène critique', en: 'Critical oxygen saturation' },
    message: {
      fr: 'La saturation en oxygène est inférieure à 88 %.',
      en: 'The oxygen saturation is below 88 %.',
    },
    actions: [ACTIONS.oxygenNow, ACTIONS.semiSeated, ACTIONS.ambulance],
    tags: () => NO_TAGS,
  },
  CRITICAL_TEMPERATURE: {
    code: 'CRITICAL_TEMPERATURE',
    kind: 'floor',
    version: FLOOR_VERSION,
    severity: 'critical',
    vitals: ['temperature'],
    limit: 'temperature >= 38.0 Cel',
    title: { fr: 'Fièvre', en: 'Fever' },
    message: {
      fr: 'La température atteint 38,0 °C ou plus.',
      en: 'The temperature is 38.0 °C or higher.',
    },
    actions: [ACTIONS.infectionAndCareTeam, ACTIONS.thermometer],
    tags: temperatureTags,
  },
  CRITICAL_HEART_RATE: {
    code: 'CRITICAL_HEART_RATE',
    kind: 'floor',
    version: FLOOR_VERSION,
    severity: 'critical',
    vitals: ['heart_rate'],
    limit: 'heart rate < 40 or > 180 /min',
    title: { fr: 'Fréquence cardiaque critique', en: 'Critical heart rate' },
    message: {
      fr: 'La fréquence cardiaque est inférieure à 40 ou supérieure à 180 par minute.',
      en: 'The heart rate is below 40 or above 180 per minute.',
    },
    actions: [ACTIONS.ecg, ACTIONS.fluidBalance, ACTIONS.assessPain],
    tags: () => NO_TAGS,
  },
  CRITICAL_COMBINATION_FEVER_SPO2: {
    code: 'CRITICAL_COMBINATION_FEVER_SPO2',
    kind: 'floor',
    version: FLOOR_VERSION,
    severity: 'critical',
    vitals: ['spo2', 'temperature'],
    limit: 'SpO2 <= 92 % and temperature >= 38.0 Cel',
    title: { fr: 'Fièvre et saturation basse', en: 'Fever with low oxygen saturation' },
    message: {
      fr: 'La température atteint 38,0 °C ou plus et la saturation en oxygène ne dépasse pas 92 %.',
      en: 'The temperature is 38.0 °C or higher and the oxygen saturation is 92 % or lower.',
    },
    actions: [ACTIONS.emergency, ACTIONS.oxygen, ACTIONS.antipyretic, ACTIONS.infection],
    tags: temperatureTags,
  },
};

const NONE: readonly FloorCode[] = [];

/** The floors that a reading breaches, in the order of {@link FLOOR_CODES}; 0 to 4. A vital that is missing never breaches. */
export function breaches(vitals: Vitals): readonly FloorCode[] {
  const { spo2, temperature, heart_rate: heartRate } = vitals;
  const fever = temperature !== undefined && temperature >= FLOOR_LIMITS.temperature;
  const rate = heartRate !== undefined && (heartRate < FLOOR_LIMITS.heartRateLow || heartRate > FLOOR_LIMITS.heartRateHigh);
  const low = spo2 !== undefined && spo2 < FLOOR_LIMITS.spo2;
  const combined = fever && spo2 !== undefined && spo2 <= FLOOR_LIMITS.spo2WithFever;
  // Most readings breach nothing; they share one empty list.
  if (!fever && !rate && !low) return NONE;
  const found: FloorCode[] = [];
  if (low) found.push('CRITICAL_SPO2');
  if (fever) found.push('CRITICAL_TEMPERATURE');
  if (rate) found.push('CRITICAL_HEART_RATE');
  if (combined) found.push('CRITICAL_COMBINATION_FEVER_SPO2');
  return found;
}
