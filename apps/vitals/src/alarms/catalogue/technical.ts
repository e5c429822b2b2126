/**
 * Technical rules (clinical reference, section 2): the equipment and not the patient. A class of their own: they neither silence clinical
 * alarms nor are silenced by them. Severities are those of the reference systems, A2.1, unless a star says otherwise.
 */

import { MIN_BATTERY, MIN_SIGNAL } from '../../domain/quality/device-checks.ts';
import { ASSIGNMENT_REASONS, ASSIGNMENT_RULES } from '../../domain/technical.ts';
import { ACTIONS } from '../../domain/actions.ts';
import { define } from './define.ts';
import { all, HOUR, level, MINUTE, OFF_DELAY, term } from './numbers.ts';
import type { AlarmRule } from './rule-data.ts';

const SOURCE = 'section 2';
const AT_ONCE = { onDelay: 0 } as const;

const DEVICE_RULES: readonly AlarmRule[] = [
  define({
    code: 'TECHNICAL_FLAT_LINE',
    family: 'technical',
    levels: [level('info', { kind: 'finding', findings: ['heart_rate_flat', 'resp_rate_flat', 'spo2_flat', 'temperature_flat'] }, AT_ONCE)],
    // Listed and no more: a temperature, or an oximeter in whole numbers, is often as still as this in a living body. Nearly every patient has it.
    reach: 'nobody',
    title: { en: 'A vital sign does not move', fr: 'Une constante ne bouge plus' },
    message: {
      en: 'A vital sign does not move as a living body makes it move. The sensor may be stuck.',
      fr: 'Une constante ne varie pas comme chez un corps vivant. Le capteur est peut-être bloqué.',
    },
    actions: [ACTIONS.checkSensor, ACTIONS.lookAtPatient, ACTIONS.reposition, ACTIONS.manualVitals],
    source: `${SOURCE}; severity*; reach*`,
  }),
  define({
    code: 'TECHNICAL_SEVERAL_FLAT',
    family: 'technical',
    levels: [level('alert', { kind: 'finding', findings: ['several_flat'] }, { onDelay: 10 * MINUTE })],
    reach: 'caregivers',
    title: { en: 'Several vital signs do not move', fr: 'Plusieurs constantes ne bougent plus' },
    message: {
      en: 'Several vital signs stand still together. The device does not measure.',
      fr: "Plusieurs constantes sont figées ensemble. L'appareil ne mesure plus.",
    },
    actions: [ACTIONS.lookAtPatient, ACTIONS.checkEquipment, ACTIONS.spareSensor, ACTIONS.manualVitals, ACTIONS.technician],
    source: `${SOURCE}; severity*; on-delay*`,
  }),
  define({
    code: 'TECHNICAL_LOW_VARIATION',
    family: 'technical',
    levels: [level('info', { kind: 'finding', findings: ['heart_rate_low_variation', 'resp_rate_low_variation'] }, AT_ONCE)],
    reach: 'nobody',
    title: { en: 'Abnormally low variation', fr: 'Variation anormalement faible' },
    message: { en: 'The heart or respiratory rate varies too little.', fr: 'La fréquence cardiaque ou respiratoire varie trop peu.' },
    actions: [ACTIONS.checkSensor],
    source: SOURCE,
  }),
  define({
    code: 'TECHNICAL_PERFECT_SPO2',
    family: 'technical',
    levels: [level('warn', { kind: 'finding', findings: ['perfect_spo2'] }, AT_ONCE)],
    reach: 'nobody',
    title: { en: 'Suspiciously perfect saturation', fr: 'Saturation anormalement parfaite' },
    message: { en: 'The oxygen saturation is 99.5 % or more again and again.', fr: 'La saturation atteint 99,5 % ou plus à répétition.' },
    actions: [ACTIONS.calibrate],
    source: SOURCE,
  }),
  define({
    code: 'TECHNICAL_ROUND_VALUES',
    family: 'technical',
    levels: [level('info', { kind: 'finding', findings: ['round_values'] }, AT_ONCE)],
    reach: 'nobody',
    title: { en: 'Suspiciously round values', fr: 'Valeurs anormalement rondes' },
    message: {
      en: 'The heart rate is a multiple of 10 again and again.',
      fr: 'La fréquence cardiaque est un multiple de 10 à répétition.',
    },
    actions: [ACTIONS.checkSettings],
    source: SOURCE,
  }),
  define({
    code: 'TECHNICAL_VITAL_MISSING',
    family: 'technical',
    levels: [level('warn', { kind: 'absent', intervals: 3, within: 24 * HOUR })],
    reach: 'caregivers',
    title: { en: 'A vital sign is missing', fr: 'Une constante manque' },
    message: {
      en: 'The device sends readings without a vital sign that it sent before.',
      fr: "L'appareil envoie des mesures sans une constante qu'il envoyait auparavant.",
    },
    actions: [ACTIONS.checkSensor, ACTIONS.reposition],
    source: `${SOURCE}; 3 intervals*; 24 h*; on-delay*; severity*`,
  }),
  define({
    code: 'TECHNICAL_BATTERY_LOW',
    family: 'technical',
    levels: [level('alert', all(term('battery', '<', MIN_BATTERY)))],
    reach: 'caregivers',
    title: { en: 'Battery nearly empty', fr: 'Batterie presque vide' },
    message: { en: 'The battery of the device is nearly empty.', fr: "La batterie de l'appareil est presque vide." },
    actions: [ACTIONS.charge, ACTIONS.checkCharger],
    source: `${SOURCE}; on-delay*; margin*`,
  }),
  define({
    code: 'TECHNICAL_BATTERY_FORECAST',
    family: 'technical',
    levels: [level('warn', { kind: 'forecast', below: MIN_BATTERY, within: 2 * HOUR }, AT_ONCE)],
    reach: 'caregivers',
    title: { en: 'Battery soon empty', fr: 'Batterie bientôt vide' },
    message: {
      en: 'At its present drain the battery of the device will be low within two hours.',
      fr: "Au rythme actuel, la batterie de l'appareil sera faible dans les deux heures.",
    },
    actions: [ACTIONS.charge],
    source: `${SOURCE}; 2 h*; severity*`,
  }),
  define({
    code: 'TECHNICAL_SIGNAL_LOW',
    family: 'technical',
    levels: [level('warn', all(term('signal', '<', MIN_SIGNAL)))],
    reach: 'caregivers',
    title: { en: 'Weak signal', fr: 'Signal faible' },
    message: { en: 'The signal of the device is weak.', fr: "Le signal de l'appareil est faible." },
    actions: [ACTIONS.reposition, ACTIONS.moveCloser],
    source: `${SOURCE}; on-delay*; margin*`,
  }),
  define({
    code: 'TECHNICAL_PACKET_LOSS',
    family: 'technical',
    levels: [level('alert', { kind: 'loss', window: 5 * MINUTE, above: 20 }, AT_ONCE)],
    reach: 'caregivers',
    title: { en: 'Readings are lost', fr: 'Mesures perdues' },
    message: { en: 'Many of the expected readings do not arrive.', fr: "Beaucoup des mesures attendues n'arrivent pas." },
    actions: [ACTIONS.reposition, ACTIONS.moveCloser],
    source: SOURCE,
  }),
  define({
    code: 'TECHNICAL_DEVICE_SILENT',
    family: 'technical',
    levels: [
      level('warn', { kind: 'silence', intervals: 2, atLeast: 5 * MINUTE }, AT_ONCE),
      level('alert', { kind: 'silence', intervals: 5, atLeast: 15 * MINUTE }, AT_ONCE),
    ],
    reach: 'caregivers',
    title: { en: 'No readings', fr: 'Plus de mesures' },
    message: { en: 'No reading of the patient arrives any more.', fr: "Aucune mesure du patient n'arrive plus." },
    actions: [ACTIONS.lookAtPatient, ACTIONS.checkEquipment, ACTIONS.charge, ACTIONS.moveCloser],
    source: `${SOURCE}; 5 min*, 15 min*`,
  }),
  define({
    code: 'TECHNICAL_CLOCK_SKEW',
    family: 'technical',
    levels: [level('warn', { kind: 'finding', findings: ['clock_skew'] })],
    reach: 'nobody',
    title: { en: 'Wrong clock', fr: 'Horloge décalée' },
    message: { en: 'The clock of the device is fast.', fr: "L'horloge de l'appareil avance." },
    actions: [ACTIONS.setClock],
    source: `${SOURCE}; on-delay*; severity*`,
  }),
  define({
    code: 'TECHNICAL_FIRMWARE',
    family: 'technical',
    levels: [level('warn', { kind: 'finding', findings: ['firmware_not_allowed'] }, AT_ONCE)],
    reach: 'nobody',
    title: { en: 'Firmware not allowed', fr: 'Micrologiciel non autorisé' },
    message: { en: 'The device runs firmware that is not allowed.', fr: "L'appareil utilise un micrologiciel non autorisé." },
    actions: [ACTIONS.updateFirmware],
    source: `${SOURCE}; severity*`,
  }),
  define({
    code: 'TECHNICAL_NOT_WORN',
    family: 'technical',
    levels: [
      level('info', { kind: 'finding', findings: ['not_worn'] }, AT_ONCE),
      level('warn', { kind: 'finding', findings: ['not_worn'] }, { onDelay: 60 * MINUTE }),
    ],
    reach: 'caregivers',
    title: { en: 'Device not worn', fr: 'Appareil non porté' },
    message: {
      en: 'The device is off the wrist or charging. Nobody is watched.',
      fr: "L'appareil est retiré ou en charge. Personne n'est surveillé.",
    },
    actions: [ACTIONS.wear],
    source: `${SOURCE}; 60 min*; severity*`,
  }),
];

/** Told by the gateway, where readings wait for somebody to assign a device. */
const WAITING_RULES: readonly AlarmRule[] = ASSIGNMENT_REASONS.map((reason) => ({
  ...ASSIGNMENT_RULES[reason],
  family: 'technical',
  levels: [level(ASSIGNMENT_RULES[reason].severity, { kind: 'assignment' }, AT_ONCE)],
  offDelay: OFF_DELAY,
  genotypes: undefined,
  reach: 'nobody',
  acknowledgeWithin: undefined,
  source: 'section 1',
}));

/** What is remembered of a device names them by their place: a new one goes to the end. */
export const TECHNICAL_RULES: readonly AlarmRule[] = [...DEVICE_RULES, ...WAITING_RULES];
