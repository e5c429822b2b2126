/** Levels of single vital signs, and SpO2 against the personal baseline (clinical reference, sections 1 and 2). */

import {
  HEART_RATE_HIGH,
  HEART_RATE_LOW,
  RESP_RATE_HIGH,
  RESP_RATE_LOW,
  SPO2_LOW,
  TEMPERATURE_HIGH,
  TEMPERATURE_LOW,
} from '../../domain/age-limits.ts';
import { ACTIONS } from '../../domain/actions.ts';
import { define } from './define.ts';
import { all, level, term, termByBand } from './numbers.ts';
import type { AlarmRule } from './rule-data.ts';

const LEVELS_SOURCE = 'sections 1, 3; on-delays*';

/** Two alarms at most may speak for one value: its level, and the floor beneath it. */
export const LEVEL_RULES: readonly AlarmRule[] = [
  define({
    code: 'SPO2_LOW',
    family: 'level',
    levels: [
      level('warn', all(termByBand('spo2', '<=', SPO2_LOW.warn)), { inForce: 'without_baseline' }),
      level('alert', all(termByBand('spo2', '<=', SPO2_LOW.alert)), { inForce: 'without_baseline' }),
      level('critical', all(termByBand('spo2', '<=', SPO2_LOW.critical))),
    ],
    title: { en: 'Low oxygen saturation', fr: 'Saturation en oxygène basse' },
    message: { en: 'The oxygen saturation is low for the age.', fr: "La saturation en oxygène est basse pour l'âge." },
    actions: [ACTIONS.checkSpo2, ACTIONS.oxygenIfNeeded, ACTIONS.semiSeated, ACTIONS.careTeam],
    source: LEVELS_SOURCE,
  }),
  define({
    code: 'SPO2_BELOW_BASELINE',
    family: 'baseline',
    levels: [level('alert', { kind: 'baseline', below: 3 }), level('critical', { kind: 'baseline', below: 6 })],
    genotypes: ['SS', 'SC', 'Sβ0', 'Sβ+'],
    title: { en: 'Oxygen saturation below the personal baseline', fr: 'Saturation en oxygène sous la valeur habituelle' },
    message: {
      en: 'The oxygen saturation is well below what is usual for this patient.',
      fr: 'La saturation en oxygène est nettement inférieure à la valeur habituelle de ce patient.',
    },
    actions: [ACTIONS.checkSpo2, ACTIONS.oxygenIfNeeded, ACTIONS.assessCrisis, ACTIONS.careTeam],
    source: LEVELS_SOURCE,
  }),
  define({
    code: 'TEMPERATURE_HIGH',
    family: 'level',
    levels: [
      level('warn', all(termByBand('temperature', '>=', TEMPERATURE_HIGH.warn))),
      level('alert', all(termByBand('temperature', '>=', TEMPERATURE_HIGH.alert)), { inForce: 'floor_changed' }),
      level('critical', all(termByBand('temperature', '>=', TEMPERATURE_HIGH.critical)), { inForce: 'floor_changed' }),
    ],
    title: { en: 'High temperature', fr: 'Température élevée' },
    message: { en: 'The temperature is high for the age.', fr: "La température est élevée pour l'âge." },
    actions: [ACTIONS.thermometer, ACTIONS.encourageFluids, ACTIONS.infection],
    source: LEVELS_SOURCE,
  }),
  define({
    code: 'TEMPERATURE_LOW',
    family: 'level',
    levels: [level('alert', all(termByBand('temperature', '<', TEMPERATURE_LOW)))],
    title: { en: 'Low temperature', fr: 'Température basse' },
    message: { en: 'The temperature is too low for the age.', fr: "La température est trop basse pour l'âge." },
    actions: [ACTIONS.thermometer, ACTIONS.rewarm, ACTIONS.clothing, ACTIONS.warmDrinks],
    source: LEVELS_SOURCE,
  }),
  define({
    code: 'HEART_RATE_HIGH',
    family: 'level',
    levels: [
      level('warn', all(termByBand('heart_rate', '>=', HEART_RATE_HIGH.warn))),
      level('alert', all(termByBand('heart_rate', '>=', HEART_RATE_HIGH.alert))),
      level('critical', all(termByBand('heart_rate', '>=', HEART_RATE_HIGH.critical))),
    ],
    title: { en: 'Fast heart rate', fr: 'Fréquence cardiaque élevée' },
    message: { en: 'The heart rate is high for the age.', fr: "La fréquence cardiaque est élevée pour l'âge." },
    actions: [ACTIONS.rest, ACTIONS.ecg, ACTIONS.fluidBalance, ACTIONS.assessPain],
    source: LEVELS_SOURCE,
  }),
  define({
    code: 'HEART_RATE_LOW',
    family: 'level',
    levels: [level('alert', all(termByBand('heart_rate', '<', HEART_RATE_LOW)))],
    title: { en: 'Slow heart rate', fr: 'Fréquence cardiaque basse' },
    message: { en: 'The heart rate is too low for the age.', fr: "La fréquence cardiaque est trop basse pour l'âge." },
    actions: [ACTIONS.lookAtPatient, ACTIONS.ecg, ACTIONS.careTeam],
    source: LEVELS_SOURCE,
  }),
  define({
    code: 'RESP_RATE_HIGH',
    family: 'level',
    levels: [
      level('warn', all(termByBand('resp_rate', '>=', RESP_RATE_HIGH.warn))),
      level('alert', all(termByBand('resp_rate', '>=', RESP_RATE_HIGH.alert))),
      level('critical', all(termByBand('resp_rate', '>=', RESP_RATE_HIGH.critical))),
    ],
    title: { en: 'Fast breathing', fr: 'Respiration rapide' },
    message: { en: 'The respiratory rate is high for the age.', fr: "La fréquence respiratoire est élevée pour l'âge." },
    actions: [ACTIONS.closeWatch, ACTIONS.comfort, ACTIONS.assessDistress, ACTIONS.oxygenIfNeeded, ACTIONS.bloodGas, ACTIONS.chestXray],
    source: LEVELS_SOURCE,
  }),
  define({
    code: 'RESP_RATE_LOW',
    family: 'level',
    levels: [level('alert', all(termByBand('resp_rate', '<', RESP_RATE_LOW)))],
    title: { en: 'Slow breathing', fr: 'Respiration lente' },
    message: { en: 'The respiratory rate is too low for the age.', fr: "La fréquence respiratoire est trop basse pour l'âge." },
    actions: [ACTIONS.lookAtPatient, ACTIONS.assessDistress, ACTIONS.careTeam],
    source: LEVELS_SOURCE,
  }),
  define({
    code: 'PAIN_SEVERE',
    family: 'level',
    // A person says it, once: there is no artefact to wait out, and there may be no second value.
    levels: [level('critical', all(term('pain', '>=', 8)), { onDelay: 0 })],
    title: { en: 'Severe pain', fr: 'Douleur sévère' },
    message: { en: 'The pain is 8 or more out of 10.', fr: 'La douleur atteint 8 ou plus sur 10.' },
    actions: [ACTIONS.analgesia, ACTIONS.hydrate, ACTIONS.assessCrisis],
    source: 'sections 2, 3; at once*',
  }),
  define({
    code: 'HYDRATION_LOW',
    family: 'level',
    levels: [
      level('warn', all(term('hydration', '<', 70))),
      level('alert', all(term('hydration', '<', 60))),
      level('critical', all(term('hydration', '<', 50))),
    ],
    title: { en: 'Lack of water', fr: 'Hydratation insuffisante' },
    message: { en: 'The hydration is low.', fr: "L'hydratation est basse." },
    actions: [
      ACTIONS.drinkReminder,
      ACTIONS.encourageFluids,
      ACTIONS.watchTwoHours,
      ACTIONS.lessActivity,
      ACTIONS.intravenousIfNeeded,
      ACTIONS.renal,
      ACTIONS.electrolytes,
    ],
    source: LEVELS_SOURCE,
  }),
  define({
    code: 'HEAT_INDEX_HIGH',
    family: 'level',
    levels: [
      level('warn', all(term('heat_index', '>=', 36))),
      level('alert', all(term('heat_index', '>=', 40))),
      level('critical', all(term('heat_index', '>=', 41))),
    ],
    reach: 'caregivers',
    title: { en: 'Dangerous heat', fr: 'Chaleur dangereuse' },
    message: { en: 'The heat index is high.', fr: "L'indice de chaleur est élevé." },
    actions: [ACTIONS.coolNow, ACTIONS.hydrate, ACTIONS.watchTemperature, ACTIONS.airConditioning, ACTIONS.intravenousIfNeeded],
    source: LEVELS_SOURCE,
  }),
  define({
    code: 'AMBIENT_HOT',
    family: 'level',
    levels: [level('alert', all(term('ambient_temp', '>=', 31))), level('critical', all(term('ambient_temp', '>=', 36)))],
    reach: 'caregivers',
    title: { en: 'Hot surroundings', fr: 'Environnement chaud' },
    message: { en: 'It is hot around the patient.', fr: 'Il fait chaud autour du patient.' },
    actions: [ACTIONS.coolPlace, ACTIONS.hydrate, ACTIONS.lightClothing],
    source: LEVELS_SOURCE,
  }),
  define({
    code: 'AMBIENT_COLD',
    family: 'level',
    levels: [level('alert', all(term('ambient_temp', '<=', 10))), level('critical', all(term('ambient_temp', '<=', 5)))],
    reach: 'caregivers',
    title: { en: 'Cold surroundings', fr: 'Environnement froid' },
    message: {
      en: 'It is cold around the patient, which can bring on a crisis.',
      fr: 'Il fait froid autour du patient, ce qui peut déclencher une crise.',
    },
    actions: [ACTIONS.rewarm, ACTIONS.clothing, ACTIONS.warmDrinks],
    source: LEVELS_SOURCE,
  }),
];
