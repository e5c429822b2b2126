/** Names and units of vital signs as a person reads them. */

import type { Vital } from '../contracts/reading.ts';
import type { Bilingual } from '../domain/rule.ts';

/** A vital sign in words. */
export interface VitalWords {
  readonly name: Bilingual;
  /** Empty for a scale. */
  readonly unit: string;
}

export const VITAL_WORDS: Readonly<Record<Vital, VitalWords>> = {
  heart_rate: { name: { fr: 'fréquence cardiaque', en: 'heart rate' }, unit: '/min' },
  resp_rate: { name: { fr: 'fréquence respiratoire', en: 'respiratory rate' }, unit: '/min' },
  spo2: { name: { fr: 'SpO2', en: 'SpO2' }, unit: '%' },
  temperature: { name: { fr: 'température', en: 'temperature' }, unit: '°C' },
  ambient_temp: { name: { fr: 'température ambiante', en: 'ambient temperature' }, unit: '°C' },
  hydration: { name: { fr: 'hydratation', en: 'hydration' }, unit: '%' },
  activity: { name: { fr: 'activité', en: 'activity' }, unit: '' },
  heat_index: { name: { fr: 'indice de chaleur', en: 'heat index' }, unit: '°C' },
  pain: { name: { fr: 'douleur', en: 'pain' }, unit: '' },
};
