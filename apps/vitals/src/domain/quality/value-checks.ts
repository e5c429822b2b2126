/** Checks of the values of one reading: ranges, scales, units, combinations that no body shows. */

import type { Vital } from '../../contracts/reading.ts';
import type { QualityCheck } from './check.ts';

/** The ranges that the older gateway accepted (reference systems, A6). Outside them a value is marked, kept and alarmed on. */
export const RANGES = {
  spo2: { low: 70, high: 100, unit: '%', label: 'SpO2' },
  heart_rate: { low: 30, high: 250, unit: '/min', label: 'Heart rate' },
  resp_rate: { low: 5, high: 80, unit: '/min', label: 'Respiratory rate' },
  temperature: { low: 30, high: 45, unit: 'Cel', label: 'Temperature' },
  ambient_temp: { low: -10, high: 50, unit: 'Cel', label: 'Ambient temperature' },
  hydration: { low: 30, high: 100, unit: '%', label: 'Hydration' },
} as const satisfies {
  readonly [V in Vital]?: { readonly low: number; readonly high: number; readonly unit: string; readonly label: string };
};

function range(vital: keyof typeof RANGES): QualityCheck {
  const { low, high, unit, label } = RANGES[vital];
  return {
    name: `${vital}_range`,
    code: 'out_of_range',
    description: `${label} below ${low} or above ${high} ${unit}.`,
    check({ vitals }) {
      const value = vitals[vital];
      return value !== undefined && (value < low || value > high);
    },
  };
}

/** Ends of the scales of activity and pain. */
const SCALE_END = 10;
/** 30 Cel and 45 Cel in Fahrenheit: what a plausible body temperature looks like in the wrong unit. */
const FAHRENHEIT_LOW = 86;
const FAHRENHEIT_HIGH = 113;
/** Cel: nobody this cold moves much*. */
const COLD_BODY = 30;
/** From above this on activity is high. */
const HIGH_ACTIVITY = 6;

export const VALUE_CHECKS: readonly QualityCheck[] = [
  range('spo2'),
  range('heart_rate'),
  range('resp_rate'),
  range('temperature'),
  range('ambient_temp'),
  range('hydration'),
  {
    name: 'scale_exceeded',
    code: undefined,
    description: 'Activity or pain below 0 or above 10, the ends of their scales.',
    check: ({ vitals: { activity, pain } }) => isOffScale(activity) || isOffScale(pain),
  },
  {
    name: 'fahrenheit_suspected',
    code: 'device_error',
    description: `Temperature from ${FAHRENHEIT_LOW} to ${FAHRENHEIT_HIGH}: a body temperature in Fahrenheit. It is not converted.`,
    check: ({ vitals: { temperature } }) => temperature !== undefined && temperature >= FAHRENHEIT_LOW && temperature <= FAHRENHEIT_HIGH,
  },
  {
    name: 'spo2_without_pulse',
    code: 'sensor_drop',
    description: 'SpO2 above 0 with a heart rate of 0: the one cannot be measured without the other.',
    check: ({ vitals: { spo2, heart_rate: heartRate } }) => spo2 !== undefined && spo2 > 0 && heartRate !== undefined && heartRate <= 0,
  },
  {
    name: 'breathing_without_pulse',
    code: 'sensor_drop',
    description: 'Respiratory rate above 0 with a heart rate of 0.',
    check: ({ vitals: { resp_rate: respRate, heart_rate: heartRate } }) =>
      respRate !== undefined && respRate > 0 && heartRate !== undefined && heartRate <= 0,
  },
  {
    name: 'breathing_faster_than_heart',
    code: 'noise',
    description: 'Respiratory rate above a heart rate that is not 0*.',
    check: ({ vitals: { resp_rate: respRate, heart_rate: heartRate } }) =>
      respRate !== undefined && heartRate !== undefined && heartRate > 0 && respRate > heartRate,
  },
  {
    name: 'active_while_cold',
    code: 'sensor_drop',
    description: `Temperature below ${COLD_BODY} Cel with high activity (above ${HIGH_ACTIVITY})*: the thermometer is off the body.`,
    check: ({ vitals: { temperature, activity } }) =>
      temperature !== undefined && temperature < COLD_BODY && activity !== undefined && activity > HIGH_ACTIVITY,
  },
];

function isOffScale(value: number | undefined): boolean {
  return value !== undefined && (value < 0 || value > SCALE_END);
}
