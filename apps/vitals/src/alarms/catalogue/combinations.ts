/** Combinations C1 to C5, the crisis score and the patterns (clinical reference, section 2). */

import { HEART_RATE_HIGH, HEART_RATE_LOW, RESP_RATE_HIGH } from '../../domain/age-limits.ts';
import { ACTIONS } from '../../domain/actions.ts';
import { define } from './define.ts';
import { all, fixedTerm, level, scored, term, termByBand } from './numbers.ts';
import type { AlarmRule } from './rule-data.ts';

const SOURCE = 'sections 2, 3; on-delays*';

/** A fixed limit of heart rate, for which younger bands have their alert bound. */
const heartRate = (value: number) => fixedTerm('heart_rate', { op: '>=', value }, { op: '>=', values: HEART_RATE_HIGH.alert });
/** The same for the respiratory rate. */
const respRate = (value: number) => fixedTerm('resp_rate', { op: '>=', value }, { op: '>=', values: RESP_RATE_HIGH.alert });

export const COMBINATION_RULES: readonly AlarmRule[] = [
  define({
    code: 'COMBINATION_FEVER_HYPOXIA',
    family: 'combination',
    levels: [
      level('critical', all(term('temperature', '>=', 38), termByBand('spo2', '<=', { G1: 94, G2: 94, G3: 93, G4: 93, G5: 93, G6: 93 }))),
    ],
    tags: ['C1'],
    title: { en: 'Fever with a lack of oxygen', fr: 'Fièvre avec hypoxie' },
    message: {
      en: 'Fever and a low oxygen saturation together: an acute chest syndrome or an infection may begin.',
      fr: 'Fièvre et saturation basse ensemble\u00a0: un syndrome thoracique aigu ou une infection peut débuter.',
    },
    actions: [ACTIONS.emergency, ACTIONS.oxygen, ACTIONS.antipyretic, ACTIONS.infection],
    source: SOURCE,
  }),
  define({
    code: 'COMBINATION_RESPIRATORY_DISTRESS',
    family: 'combination',
    levels: [
      level('critical', {
        kind: 'terms',
        all: [
          [term('spo2', '<=', 90)],
          [termByBand('resp_rate', '>=', RESP_RATE_HIGH.alert), termByBand('heart_rate', '>=', HEART_RATE_HIGH.alert)],
        ],
      }),
    ],
    tags: ['C2'],
    title: { en: 'Respiratory distress', fr: 'Détresse respiratoire' },
    message: {
      en: 'A low oxygen saturation with fast breathing or a fast heart.',
      fr: 'Saturation basse avec une respiration ou un cœur rapide.',
    },
    actions: [ACTIONS.oxygenHighFlow, ACTIONS.seated, ACTIONS.emergency],
    source: SOURCE,
  }),
  define({
    code: 'COMBINATION_PAIN_HYPOXIA',
    family: 'combination',
    levels: [level('critical', all(term('pain', '>=', 7), term('spo2', '<=', 92)))],
    tags: ['C3'],
    title: { en: 'Pain with a lack of oxygen', fr: 'Douleur avec hypoxie' },
    message: {
      en: 'Severe pain and a low oxygen saturation together: a painful crisis that reaches the lungs is possible.',
      fr: 'Douleur sévère et saturation basse ensemble\u00a0: une crise douloureuse touchant les poumons est possible.',
    },
    actions: [ACTIONS.strongAnalgesia, ACTIONS.oxygen, ACTIONS.intravenous, ACTIONS.hospital],
    source: SOURCE,
  }),
  define({
    code: 'COMBINATION_DEHYDRATION_HEAT',
    family: 'combination',
    // Activity that is moderate or high: above 2.
    levels: [level('critical', all(term('hydration', '<=', 60), term('heat_index', '>=', 38), term('activity', '>', 2)))],
    tags: ['C4'],
    title: { en: 'Exertion in the heat without enough water', fr: 'Effort à la chaleur sans hydratation suffisante' },
    message: {
      en: 'The patient is active in great heat and lacks water, which can bring on a crisis.',
      fr: "Le patient est actif par forte chaleur et manque d'eau, ce qui peut déclencher une crise.",
    },
    actions: [ACTIONS.stopActivity, ACTIONS.coolNow, ACTIONS.hydrate, ACTIONS.shade],
    source: SOURCE,
  }),
  define({
    code: 'COMBINATION_FEVER_TACHYPNEA',
    family: 'combination',
    levels: [level('critical', all(term('temperature', '>=', 38), termByBand('resp_rate', '>=', RESP_RATE_HIGH.alert)))],
    tags: ['C5'],
    title: { en: 'Fever with fast breathing', fr: 'Fièvre avec respiration rapide' },
    message: {
      en: 'Fever and fast breathing together: an acute chest syndrome may begin.',
      fr: 'Fièvre et respiration rapide ensemble\u00a0: un syndrome thoracique aigu peut débuter.',
    },
    actions: [ACTIONS.emergency, ACTIONS.assessDistress, ACTIONS.chestXray, ACTIONS.infection],
    source: `${SOURCE}; actions*`,
  }),
  define({
    code: 'CRISIS_SUSPECTED',
    family: 'score',
    levels: [
      level('critical', {
        kind: 'score',
        atLeast: 3,
        terms: [
          scored(2, term('spo2', '<', 92)),
          scored(2, term('pain', '>=', 6)),
          scored(1, term('temperature', '>=', 38)),
          // It has a bound of its own for the young, so that of the age bands does not take its place.
          scored(1, termByBand('heart_rate', '>', { G1: 140, G2: 140, G3: 140, G4: 140, G5: 120, G6: 120 })),
          scored(1, term('hydration', '<', 50)),
        ],
      }),
    ],
    genotypes: ['SS', 'SC', 'Sβ0'],
    acknowledgeWithin: 3,
    tags: ['crisis'],
    title: { en: 'Sickle-cell crisis suspected', fr: 'Suspicion de crise drépanocytaire' },
    message: {
      en: 'Several signs together point to a sickle-cell crisis.',
      fr: 'Plusieurs signes réunis évoquent une crise drépanocytaire.',
    },
    actions: [ACTIONS.emergency, ACTIONS.strongAnalgesia, ACTIONS.oxygenIfNeeded, ACTIONS.hydrate, ACTIONS.assessCrisis],
    source: `${SOURCE}; actions*`,
  }),
];

export const PATTERN_RULES: readonly AlarmRule[] = [
  define({
    code: 'PATTERN_HYPOXIA',
    family: 'pattern',
    levels: [level('critical', all(term('spo2', '<=', 88), respRate(25), heartRate(110)))],
    title: { en: 'Pattern of a severe lack of oxygen', fr: "Tableau d'hypoxie sévère" },
    message: {
      en: 'A very low oxygen saturation, fast breathing and a fast heart.',
      fr: 'Saturation très basse, respiration rapide et cœur rapide.',
    },
    actions: [ACTIONS.oxygenNow, ACTIONS.urgentReview],
    source: SOURCE,
  }),
  define({
    code: 'PATTERN_FEVER_TACHYCARDIA',
    family: 'pattern',
    levels: [level('alert', all(term('temperature', '>=', 38.5), heartRate(120), respRate(22)))],
    title: { en: 'Fever with a fast heart', fr: 'Fièvre avec tachycardie' },
    message: {
      en: 'High fever, a fast heart and fast breathing.',
      fr: 'Forte fièvre, cœur rapide et respiration rapide.',
    },
    actions: [ACTIONS.antipyretic, ACTIONS.watchHeart, ACTIONS.infection],
    source: SOURCE,
  }),
  define({
    code: 'PATTERN_HYPOTHERMIA_BRADYCARDIA',
    family: 'pattern',
    levels: [
      level(
        'alert',
        all(
          term('temperature', '<=', 35),
          fixedTerm('heart_rate', { op: '<=', value: 50 }, { op: '<', values: HEART_RATE_LOW }),
          term('ambient_temp', '<=', 18),
        ),
      ),
    ],
    title: { en: 'Cold body with a slow heart', fr: 'Hypothermie avec bradycardie' },
    message: {
      en: 'A low temperature and a slow heart in cold surroundings.',
      fr: 'Température basse et cœur lent dans un environnement froid.',
    },
    actions: [ACTIONS.rewarm, ACTIONS.watchHeart],
    source: SOURCE,
  }),
  define({
    code: 'PATTERN_DEHYDRATION',
    family: 'pattern',
    levels: [level('alert', all(term('hydration', '<=', 45), heartRate(100), term('temperature', '>=', 37.5)))],
    title: { en: 'Pattern of dehydration', fr: 'Tableau de déshydratation' },
    message: {
      en: 'A great lack of water, a fast heart and a raised temperature.',
      fr: "Grand manque d'eau, cœur rapide et température élevée.",
    },
    actions: [ACTIONS.intravenous, ACTIONS.electrolytes],
    source: SOURCE,
  }),
  define({
    code: 'PATTERN_RESPIRATORY_DISTRESS',
    family: 'pattern',
    levels: [level('alert', all(respRate(28), term('spo2', '<=', 92), heartRate(100)))],
    title: { en: 'Pattern of respiratory distress', fr: 'Tableau de détresse respiratoire' },
    message: {
      en: 'Fast breathing, a low oxygen saturation and a fast heart.',
      fr: 'Respiration rapide, saturation basse et cœur rapide.',
    },
    actions: [ACTIONS.ventilation, ACTIONS.urgentReview],
    source: SOURCE,
  }),
  define({
    code: 'PATTERN_HEAT_STRESS',
    family: 'pattern',
    levels: [level('warn', all(term('ambient_temp', '>=', 30), term('temperature', '>=', 38), heartRate(90)))],
    title: { en: 'Heat stress', fr: 'Stress thermique' },
    message: {
      en: 'A raised temperature and a fast heart in hot surroundings.',
      fr: 'Température élevée et cœur rapide dans un environnement chaud.',
    },
    actions: [ACTIONS.changePlace, ACTIONS.coolPlace, ACTIONS.hydrate],
    source: SOURCE,
  }),
];
