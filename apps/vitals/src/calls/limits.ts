/**
 * Limits in the language of the reader. Rules have them in English words (`alarms/catalogue/text.ts`), a closed set of phrases with numbers
 * between them, so that what a clinician changed reads as well as what the catalogue says. A test goes through every rule, level and age.
 */

import type { Bilingual } from '../domain/rule.ts';

/** Longer phrases first: `ambient temperature` before `temperature`. Names of quality checks, such as `temperature_flat`, stay as they are. */
const PHRASES: readonly (readonly [english: RegExp, french: string])[] = [
  [
    /a vital sign missing for (\S+) expected intervals that came within the last (\S+) h/g,
    'une constante présente dans les $2 dernières heures manque depuis $1 intervalles attendus',
  ],
  [/more than (\S+) % of the expected readings missing in (\S+) min/g, 'plus de $1 % des mesures attendues manquent en $2 min'],
  [/battery expected below (\S+) % within (\S+) min/g, 'batterie attendue sous $1 % dans les $2 min'],
  [/no reading for (\S+) expected intervals, and at least (\S+) min/g, 'aucune mesure pendant $1 intervalles attendus, et au moins $2 min'],
  [/readings wait for the device to be assigned/g, "des mesures attendent l'attribution de l'appareil"],
  [/every reading has a known patient/g, 'chaque mesure a un patient connu'],
  [/every device is assigned to its patient/g, 'chaque appareil est attribué à son patient'],
  [/quality checks/g, 'contrôles de qualité'],
  [/(\S+) points or more below the personal baseline/g, 'inférieure de $1 points ou plus à la valeur habituelle'],
  [/(\S+) below the personal baseline of unknown/g, '$1 sous la valeur habituelle'],
  [/(\S+) below the personal baseline of/g, '$1 sous la valeur habituelle de'],
  [/points or more/g, 'points ou plus'],
  [/ in (\S+) min, over at least (\S+) values/g, ' en $1 min, sur au moins $2 valeurs'],
  [/\brespiratory rate\b/g, 'fréquence respiratoire'],
  [/\bheart rate\b/g, 'fréquence cardiaque'],
  [/\bambient temperature\b/g, 'température ambiante'],
  [/\btemperature\b/g, 'température'],
  [/\bheat index\b/g, 'indice de chaleur'],
  [/\bhydration\b/g, 'hydratation'],
  [/\bactivity\b/g, 'activité'],
  [/\bpain\b/g, 'douleur'],
  [/\bbattery\b/g, 'batterie'],
  [/\binfo: /g, 'information\u00a0: '],
  [/\bwarn: /g, 'attention\u00a0: '],
  [/\balert: /g, 'alerte\u00a0: '],
  [/\bcritical: /g, 'critique\u00a0: '],
  [/ for (?=[\d.]+ (?:s|min)\b)/g, ' pendant '],
  [/ or /g, ' ou '],
  [/ and /g, ' et '],
  [/(\d)\.(?=\d)/g, '$1,'],
];

/** The unit of the records (UCUM), and as people write it. */
const DEGREES = /\bCel\b/g;

/** A limit of a rule for readers of either language. */
export function limitText(limit: string): Bilingual {
  const en = limit.replaceAll(DEGREES, '°C');
  return { en, fr: PHRASES.reduce((text, [english, french]) => text.replaceAll(english, french), en) };
}
