/** Checks of a reading against the ones before it: too fast, too still, too perfect. */

import type { Followed, History, QualityCheck } from './check.ts';
import { FLAT_TOLERANCE } from './trail.ts';

/** Changes faster than a body makes*, between readings at most {@link JUMP_GAP} apart. Units as the vital sign. */
const JUMPS: Readonly<Record<Followed, number>> = { heart_rate: 60, resp_rate: 30, spo2: 20, temperature: 1 };
/** ms*. */
const JUMP_GAP = 60_000;
/** How long a flat line lasts, ms (clinical reference, section 2, technical). */
const FLAT_FOR: Readonly<Record<Followed, number>> = { heart_rate: 60_000, resp_rate: 60_000, spo2: 60_000, temperature: 90_000 };
/** The same where several vital signs are flat together. */
const FLAT_TOGETHER_FOR = 30_000;
const LABELS: Readonly<Record<Followed, string>> = {
  heart_rate: 'Heart rate',
  resp_rate: 'Respiratory rate',
  spo2: 'SpO2',
  temperature: 'Temperature',
};
/** Coefficient of variation of 10 values below which a vital sign is abnormally still, %. */
const HEART_RATE_VARIATION = 5;
const RESP_RATE_VARIATION = 8;
/** Of the last 5 values. */
const SUSPICIOUS = 3;
/** Absorbs the rounding of decimal fractions. */
const EPSILON = 1e-9;

/** A check that needs the history alone. */
interface HistoryCheck extends Omit<QualityCheck, 'check'> {
  /** True when it has found something. */
  readonly finds: (history: History) => boolean;
}

function jump(vital: Followed): HistoryCheck {
  const limit = JUMPS[vital];
  return {
    name: `${vital}_jump`,
    code: 'noise',
    description: `${LABELS[vital]} changes by more than ${limit}* between two readings at most ${JUMP_GAP / 1000} s* apart.`,
    finds: (history) => history.gap <= JUMP_GAP && history.change[vital] > limit + EPSILON,
  };
}

function flat(vital: Followed): HistoryCheck {
  const lasts = FLAT_FOR[vital];
  return {
    name: `${vital}_flat`,
    code: 'flatline',
    description: `${LABELS[vital]} stays within ${FLAT_TOLERANCE[vital]} of one value for ${lasts / 1000} s or more, over at least 3 points.`,
    finds: (history) => history.flat[vital] >= lasts,
  };
}

const BY_HISTORY: readonly HistoryCheck[] = [
  jump('heart_rate'),
  jump('resp_rate'),
  jump('spo2'),
  jump('temperature'),
  flat('heart_rate'),
  flat('resp_rate'),
  flat('spo2'),
  flat('temperature'),
  {
    name: 'several_flat',
    code: 'flatline',
    description: `Two or more of heart rate, respiratory rate and SpO2 are flat together for ${FLAT_TOGETHER_FOR / 1000} s or more.`,
    finds: ({ flat: lasts }) =>
      Number(lasts.heart_rate >= FLAT_TOGETHER_FOR) +
        Number(lasts.resp_rate >= FLAT_TOGETHER_FOR) +
        Number(lasts.spo2 >= FLAT_TOGETHER_FOR) >=
      2,
  },
  {
    name: 'heart_rate_low_variation',
    code: undefined,
    description: `The last 10 heart rates vary by less than ${HEART_RATE_VARIATION} % (coefficient of variation).`,
    finds: (history) => history.heartRateVariation < HEART_RATE_VARIATION,
  },
  {
    name: 'resp_rate_low_variation',
    code: undefined,
    description: `The last 10 respiratory rates vary by less than ${RESP_RATE_VARIATION} % (coefficient of variation).`,
    finds: (history) => history.respRateVariation < RESP_RATE_VARIATION,
  },
  {
    name: 'perfect_spo2',
    code: undefined,
    description: `SpO2 of 99.5 % or more, now and in ${SUSPICIOUS} or more of the last 5.`,
    finds: (history) => history.perfectSpo2 >= SUSPICIOUS,
  },
  {
    name: 'round_values',
    code: undefined,
    description: `Heart rate a multiple of 10, now and in ${SUSPICIOUS} or more of the last 5.`,
    finds: (history) => history.roundHeartRates >= SUSPICIOUS,
  },
  {
    name: 'vital_missing',
    code: undefined,
    description: 'A vital sign is missing that the three* readings before all had.',
    finds: (history) => history.vitalMissing,
  },
];

export const HISTORY_CHECKS: readonly QualityCheck[] = BY_HISTORY.map(({ finds, ...entry }) => ({
  ...entry,
  check: (_, { history }) => finds(history),
}));

/** Whether the check of that name finds something in the history alone; undefined where no check of the history has that name. */
export function historyCheck(named: string): ((history: History) => boolean) | undefined {
  return BY_HISTORY.find(({ name }) => name === named)?.finds;
}
