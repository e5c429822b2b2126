/** What an artefact makes of a reading. */

import type { Vitals } from '../../contracts/reading.ts';
import { FLOOR_LIMITS } from '../../domain/floors.ts';
import type { Random } from '../random.ts';
import type { Crossing, Sensed, SignalArtefact } from './artefacts.ts';
import { SENSED } from './artefacts.ts';
import { clamp, normal, tenths, within } from './draws.ts';
import type { Span } from './draws.ts';
import { SENSOR_RANGES } from './sensor.ts';

/** What a bracelet sends of a measurement, and what it thinks of it; scales 0-100. */
export interface Measured {
  readonly vitals: Vitals;
  readonly flag: string;
  readonly confidence: number;
  readonly completeness: number;
  readonly contact: number;
  readonly state: string;
}

/** What is known around a disturbed reading. */
export interface Disturbance {
  readonly clean: Vitals;
  /** ms since the artefact began. */
  readonly since: number;
  /** How many readings the artefact has had before this one. */
  readonly before: number;
  /** The vital signs of its first reading. */
  readonly first: Vitals;
}

/** ms in which a sensor off the wrist loses most of its warmth*. */
const COOLING = 15 * 60_000;

/** A measurement that nothing disturbs: the more activity, the less sure. */
export function undisturbed(clean: Vitals, random: Random): Measured {
  const confidence = Math.round(98 - (clean.activity ?? 0) - 4 * random.next());
  return { vitals: clean, flag: 'ok', confidence, completeness: 100, contact: Math.round(99 - 12 * random.next()), state: 'connected' };
}

/** The measurement under an artefact. */
export function distort(artefact: SignalArtefact, around: Disturbance, random: Random): Measured {
  const { clean, first } = around;
  const usual = undisturbed(clean, random);
  const unsure = { confidence: whole(random, [40, 79]), contact: whole(random, [35, 90]) };
  switch (artefact.kind) {
    case 'motion': {
      const vitals = crossed(artefact, around, random) ?? shaken(clean, artefact.strength, random);
      return artefact.noticed ? { ...usual, ...unsure, vitals, flag: 'motion' } : { ...usual, vitals };
    }
    case 'low_contact': {
      const vitals = crossed(artefact, around, random) ?? dimmed(clean, artefact.strength, random);
      const flag = random.weighted([
        ['low_perfusion', 5],
        ['low_signal', 3],
        ['ok', 2],
      ]);
      return { ...usual, ...unsure, vitals, flag, contact: whole(random, [15, 59]) };
    }
    case 'flat_line': {
      const vitals = { ...clean, ...only(first, artefact.sensed) };
      const flag = artefact.strength < 0.6 ? 'flatline' : 'device_error';
      return artefact.noticed ? { ...usual, vitals, flag, confidence: unsure.confidence } : { ...usual, vitals };
    }
    case 'sensor_dropout': {
      const vitals = without(clean, artefact.sensed);
      const completeness = Math.round((1 - artefact.sensed.length / SENSED.length) * 100);
      const flag = !artefact.noticed ? 'ok' : artefact.strength < 0.7 ? 'sensor_drop' : 'signal_loss';
      return { ...usual, vitals, flag, completeness };
    }
    case 'off_wrist': {
      if (artefact.noticed) return unworn(around, 'user_removed');
      return {
        ...usual,
        vitals: imagined(around, random),
        flag: 'low_signal',
        confidence: whole(random, [20, 60]),
        contact: whole(random, [3, 25]),
      };
    }
    case 'charging':
      return unworn(around, 'charging');
  }
}

const CROSSED: Readonly<Record<Crossing, (random: Random) => Partial<Record<Sensed, number>>>> = {
  fast: (random) => ({ heart_rate: whole(random, [FLOOR_LIMITS.heartRateHigh + 3, 230]) }),
  slow: (random) => ({ heart_rate: whole(random, [22, FLOOR_LIMITS.heartRateLow - 2]) }),
  desaturated: (random) => ({ spo2: tenths(within(random, [68, FLOOR_LIMITS.spo2 - 1])) }),
};

/** The reading as one that crosses a floor, while it is the turn of those. */
function crossed({ crossing, crossings, strength }: SignalArtefact, { before, clean }: Disturbance, random: Random): Vitals | undefined {
  if (crossing === undefined || before >= crossings) return undefined;
  return { ...clean, ...CROSSED[crossing](random), activity: moving(clean, strength) };
}

/** A wrist that moves: the heart rate follows the movement, SpO2 falls, no floor is crossed. */
function shaken(clean: Vitals, strength: number, random: Random): Vitals {
  const { heart_rate: heartRate = 0, resp_rate: respRate = 0, spo2 = 0 } = clean;
  return {
    ...clean,
    heart_rate: Math.round(notCrossing('heartRate', heartRate + strength * (12 + 18 * normal(random)), heartRate)),
    resp_rate: Math.round(clamp(respRate + 4 * strength * normal(random), ...SENSOR_RANGES.respRate)),
    spo2: tenths(notCrossing('spo2', spo2 - 4 * strength * Math.abs(normal(random)), spo2)),
    activity: moving(clean, strength),
  };
}

function moving({ activity = 0 }: Vitals, strength: number): number {
  return Math.max(activity, tenths(4 + 5 * strength));
}

/** A sensor that hardly touches the skin: SpO2 falls, the heart rate is noisy, no floor is crossed. */
function dimmed(clean: Vitals, strength: number, random: Random): Vitals {
  const { heart_rate: heartRate = 0, spo2 = 0 } = clean;
  return {
    ...clean,
    heart_rate: Math.round(notCrossing('heartRate', heartRate + 8 * strength * normal(random), heartRate)),
    spo2: tenths(notCrossing('spo2', spo2 - (1.5 + 5 * strength) * random.next(), spo2)),
  };
}

const WITHIN_FLOORS = {
  heartRate: [FLOOR_LIMITS.heartRateLow, FLOOR_LIMITS.heartRateHigh],
  spo2: [FLOOR_LIMITS.spo2, 100],
} as const;

/** What the sensor shows: within the floors, unless the body itself is not. */
function notCrossing(vital: 'heartRate' | 'spo2', value: number, clean: number): number {
  const [low, high] = WITHIN_FLOORS[vital];
  return clean < low || clean > high ? clamp(value, ...SENSOR_RANGES[vital]) : clamp(value, low, high);
}

/** Taken off, and the bracelet knows: the air, and a sensor that cools. */
function unworn(around: Disturbance, state: 'user_removed' | 'charging'): Measured {
  const { clean } = around;
  const vitals = { ...without(clean, ['heart_rate', 'resp_rate', 'spo2', 'temperature']), temperature: cooled(around), activity: 0 };
  return { vitals, flag: 'user_removed', confidence: 0, completeness: 25, contact: 0, state };
}

/** Taken off, and the bracelet takes what it sees for a body. */
function imagined(around: Disturbance, random: Random): Vitals {
  return {
    ...around.clean,
    heart_rate: whole(random, [48, 120]),
    resp_rate: whole(random, [8, 22]),
    spo2: tenths(within(random, [FLOOR_LIMITS.spo2 + 0.5, 98])),
    temperature: cooled(around),
    activity: 0,
  };
}

function cooled({ clean, since }: Disturbance): number {
  const { temperature = 36.8, ambient_temp: air = 22 } = clean;
  return tenths(air + (temperature - air) * Math.exp(-since / COOLING));
}

function without(vitals: Vitals, names: readonly Sensed[]): Vitals {
  return Object.fromEntries(Object.entries(vitals).filter(([name]) => !names.some((other) => other === name)));
}

function only(vitals: Vitals, names: readonly Sensed[]): Vitals {
  const left: { -readonly [V in keyof Vitals]: number } = {};
  for (const name of names) {
    const value = vitals[name];
    if (value !== undefined) left[name] = value;
  }
  return left;
}

function whole(random: Random, span: Span): number {
  return Math.round(within(random, span));
}
