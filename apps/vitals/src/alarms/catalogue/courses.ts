/** Persistence and trends: what lasts, and what moves (clinical reference, section 2). */

import { HEART_RATE_HIGH } from '../../domain/age-limits.ts';
import { ACTIONS } from '../../domain/actions.ts';
import { define } from './define.ts';
import { all, fixedTerm, level, MINUTE, SECOND, term } from './numbers.ts';
import type { AlarmRule } from './rule-data.ts';

const PERSISTENCE_SOURCE = 'sections 2, 3';
const TREND_SOURCE = 'sections 2, 3; on-delays*';

export const PERSISTENCE_RULES: readonly AlarmRule[] = [
  define({
    code: 'PERSISTENT_HEART_RATE_HIGH',
    family: 'persistence',
    levels: [
      level('alert', all(fixedTerm('heart_rate', { op: '>', value: 120 }, { op: '>=', values: HEART_RATE_HIGH.alert })), {
        onDelay: 5 * MINUTE,
      }),
      level('critical', all(fixedTerm('heart_rate', { op: '>', value: 140 }, { op: '>=', values: HEART_RATE_HIGH.critical })), {
        onDelay: 2 * MINUTE,
      }),
    ],
    title: { en: 'Heart rate stays high', fr: 'Tachycardie persistante' },
    message: {
      en: 'The heart rate has been very high for minutes.',
      fr: 'La fréquence cardiaque est très élevée depuis plusieurs minutes.',
    },
    actions: [ACTIONS.rest, ACTIONS.ecg, ACTIONS.fluidBalance, ACTIONS.assessPain],
    source: PERSISTENCE_SOURCE,
  }),
  define({
    code: 'PERSISTENT_TEMPERATURE_HIGH',
    family: 'persistence',
    levels: [
      level('alert', all(term('temperature', '>', 38.5)), { onDelay: 10 * MINUTE }),
      level('critical', all(term('temperature', '>', 40)), { onDelay: 3 * MINUTE }),
    ],
    title: { en: 'Fever persists', fr: 'Fièvre persistante' },
    message: { en: 'The high fever has not gone down for minutes.', fr: 'La forte fièvre ne baisse pas depuis plusieurs minutes.' },
    actions: [ACTIONS.antipyretic, ACTIONS.infection, ACTIONS.hydrate, ACTIONS.careTeam],
    source: PERSISTENCE_SOURCE,
  }),
  define({
    code: 'PERSISTENT_TEMPERATURE_LOW',
    family: 'persistence',
    levels: [level('critical', all(term('temperature', '<', 34)), { onDelay: 3 * MINUTE })],
    title: { en: 'Hypothermia persists', fr: 'Hypothermie persistante' },
    message: { en: 'The temperature has been very low for minutes.', fr: 'La température est très basse depuis plusieurs minutes.' },
    actions: [ACTIONS.thermometer, ACTIONS.rewarm, ACTIONS.emergency],
    source: PERSISTENCE_SOURCE,
  }),
  define({
    code: 'PERSISTENT_SPO2_LOW',
    family: 'persistence',
    levels: [level('alert', all(term('spo2', '<', 92)), { onDelay: 3 * MINUTE, inForce: 'without_baseline' })],
    title: { en: 'Oxygen saturation stays low', fr: 'Saturation basse persistante' },
    message: {
      en: 'The oxygen saturation has been below 92 % for minutes.',
      fr: 'La saturation en oxygène est inférieure à 92 % depuis plusieurs minutes.',
    },
    actions: [ACTIONS.checkSpo2, ACTIONS.oxygenIfNeeded, ACTIONS.careTeam],
    source: PERSISTENCE_SOURCE,
  }),
  define({
    code: 'PERSISTENT_SPO2_VERY_LOW',
    family: 'persistence',
    levels: [level('alert', all(term('spo2', '<=', 90)), { onDelay: 30 * SECOND })],
    title: { en: 'Oxygen saturation stays very low', fr: 'Saturation très basse persistante' },
    message: {
      en: 'The oxygen saturation stays at 90 % or lower.',
      fr: 'La saturation en oxygène reste à 90 % ou moins.',
    },
    actions: [ACTIONS.oxygenIfNeeded, ACTIONS.semiSeated, ACTIONS.careTeam],
    source: PERSISTENCE_SOURCE,
  }),
  define({
    code: 'PERSISTENT_AMBIENT_HOT',
    family: 'persistence',
    levels: [level('warn', all(term('ambient_temp', '>', 32)), { onDelay: 15 * MINUTE })],
    reach: 'caregivers',
    title: { en: 'It stays hot', fr: 'Chaleur persistante' },
    message: { en: 'It has been hot around the patient for a while.', fr: 'Il fait chaud autour du patient depuis un moment.' },
    actions: [ACTIONS.coolPlace, ACTIONS.hydrate],
    source: PERSISTENCE_SOURCE,
  }),
  define({
    code: 'PERSISTENT_AMBIENT_COLD',
    family: 'persistence',
    levels: [level('warn', all(term('ambient_temp', '<', 16)), { onDelay: 15 * MINUTE })],
    reach: 'caregivers',
    title: { en: 'It stays cold', fr: 'Froid persistant' },
    message: { en: 'It has been cold around the patient for a while.', fr: 'Il fait froid autour du patient depuis un moment.' },
    actions: [ACTIONS.clothing, ACTIONS.warmDrinks],
    source: PERSISTENCE_SOURCE,
  }),
];

export const TREND_RULES: readonly AlarmRule[] = [
  define({
    code: 'TREND_HEART_RATE_UP',
    family: 'trend',
    levels: [level('warn', { kind: 'trend', vital: 'heart_rate', change: 20, window: 30 * MINUTE, points: 5 })],
    reach: 'nobody',
    title: { en: 'Heart rate rises', fr: 'Fréquence cardiaque en hausse' },
    message: { en: 'The heart rate has risen within half an hour.', fr: 'La fréquence cardiaque a augmenté en une demi-heure.' },
    actions: [ACTIONS.rest, ACTIONS.closeWatch],
    source: `${TREND_SOURCE}; actions*`,
  }),
  define({
    code: 'TREND_TEMPERATURE_UP',
    family: 'trend',
    levels: [level('warn', { kind: 'trend', vital: 'temperature', change: 1.5, window: 60 * MINUTE, points: 6 })],
    reach: 'nobody',
    title: { en: 'Temperature rises fast', fr: 'Température en forte hausse' },
    message: { en: 'The temperature has risen steeply within an hour.', fr: 'La température a fortement augmenté en une heure.' },
    actions: [ACTIONS.thermometer, ACTIONS.closeWatch],
    source: `${TREND_SOURCE}; actions*`,
  }),
  define({
    code: 'TREND_TEMPERATURE_RISING',
    family: 'trend',
    levels: [level('warn', { kind: 'trend', vital: 'temperature', change: 0.8, window: 60 * MINUTE, points: 6 })],
    reach: 'nobody',
    title: { en: 'Temperature rises', fr: 'Température en hausse' },
    message: { en: 'The temperature has risen within an hour.', fr: 'La température a augmenté en une heure.' },
    actions: [ACTIONS.thermometer, ACTIONS.closeWatch],
    source: `${TREND_SOURCE}; at least 6 values*; actions*`,
  }),
  define({
    code: 'TREND_SPO2_DOWN',
    family: 'trend',
    levels: [level('alert', { kind: 'trend', vital: 'spo2', change: -5, window: 20 * MINUTE, points: 4 })],
    title: { en: 'Oxygen saturation falls', fr: 'Saturation en oxygène en baisse' },
    message: {
      en: 'The oxygen saturation has fallen within twenty minutes.',
      fr: 'La saturation en oxygène a baissé en vingt minutes.',
    },
    actions: [ACTIONS.checkSpo2, ACTIONS.oxygenIfNeeded, ACTIONS.careTeam],
    source: `${TREND_SOURCE}; actions*`,
  }),
];
