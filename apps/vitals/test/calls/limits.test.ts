import { expect, test } from 'vitest';

import { CATALOGUE } from '../../src/alarms/catalogue/catalogue.ts';
import { effectiveRules } from '../../src/alarms/effective.ts';
import type { Override } from '../../src/alarms/override.ts';
import { limitText } from '../../src/calls/limits.ts';
import { AGE_BANDS } from '../../src/domain/age.ts';

/** Every word that a French limit may have. */
const FRENCH = [
  ...['fréquence', 'cardiaque', 'respiratoire', 'température', 'ambiante', 'hydratation', 'activité', 'indice', 'chaleur', 'douleur'],
  ...['batterie', 'signal', 'points', 'ou', 'plus', 'et', 'en', 'sur', 'au', 'moins', 'valeurs', 'pendant', 'sous', 'la', 'valeur'],
  ...['habituelle', 'de', 'inférieure', 'à', 'contrôles', 'qualité', 'une', 'constante', 'présente', 'dans', 'les', 'dernières', 'heures'],
  ...[
    'manque',
    'depuis',
    'intervalles',
    'attendus',
    'des',
    'mesures',
    'attendues',
    'manquent',
    'attendue',
    'aucune',
    'mesure',
    'attendent',
  ],
  ...["l'attribution", "l'appareil", 'chaque', 'patient', 'a', 'un', 'connu', 'appareil', 'est', 'attribué', 'son', 'information'],
  ...['attention', 'alerte', 'critique', 'SpO2', 'min', 's', 'C'],
];

/** What is left of a French limit without French words, numbers, signs and names of checks. */
function remains(text: string): string[] {
  return text
    .replaceAll(/(contrôles de qualité )[a-z0-9_, ]+/g, '$1')
    .split(/[^\p{L}\d']+/u)
    .filter((word) => word !== '' && !/^\d+$/.test(word) && !FRENCH.includes(word));
}

const NOW = Date.UTC(2026, 10, 21);
const override = (more: object): Override =>
  ({ by: '5f0c9a3e-8f0c-4c55-9d7a-0d6f5c1b2a10', reason: 'for a test', from: 0, expires: NOW + 1, ...more }) as Override;

const words = new Set(CATALOGUE.map(({ limit }) => limit));
for (const band of AGE_BANDS) {
  for (const genotype of ['SS', 'AS', undefined] as const) {
    for (const baseline of [undefined, 94.5]) {
      const overrides = [
        override({ kind: 'limit', rule: 'CRITICAL_SPO2', severity: 'critical', limit: 'spo2', value: 84.5 }),
        override({ kind: 'limit', rule: 'CRITICAL_TEMPERATURE', severity: 'critical', limit: 'temperature', value: 38.5 }),
      ];
      for (const some of [[], overrides]) {
        const { rules } = effectiveRules(CATALOGUE, { age: { band, known: true }, genotype, baseline, overrides: some, now: NOW });
        for (const rule of rules) for (const text of [rule.limit, ...rule.levels.map(({ limit }) => limit)]) words.add(text);
      }
    }
  }
}

test('there is something to translate', () => {
  expect(words.size).toBeGreaterThan(100);
});

test.each([...words])('every word of a limit is told in French: %s', (limit) => {
  const { fr, en } = limitText(limit);
  expect(remains(fr)).toEqual([]);
  expect(fr).not.toMatch(/\d\.\d|\bCel\b/);
  expect(en).toBe(limit.replaceAll('Cel', '°C'));
  // Nothing of the numbers is lost or put in.
  const numbers = (text: string): string[] => (text.match(/\d+(?:[.,]\d+)?/g) ?? []).map((number) => number.replace(',', '.')).sort();
  expect(numbers(fr)).toEqual(numbers(en));
});

test.each([
  ['heart rate < 40 or > 180 /min', 'fréquence cardiaque < 40 ou > 180 /min'],
  ['SpO2 <= 92 % and temperature >= 38.0 Cel', 'SpO2 <= 92 % et température >= 38,0 °C'],
  ['SpO2 <= 91.5 % (3 below the personal baseline of 94.5)', 'SpO2 <= 91,5 % (3 sous la valeur habituelle de 94,5)'],
])('%s', (limit, fr) => {
  expect(limitText(limit).fr).toBe(fr);
});
