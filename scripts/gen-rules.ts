/** docs/reference/rules.md, from the catalogue of the alarm rules. */
import {
  AGE_BANDS,
  BAND_STARTS,
  BASELINE_MAX_FALL,
  BASELINE_PRIORS,
  CATALOGUE,
  CATALOGUE_VERSION,
  conditionText,
  durationText,
  FAMILIES,
  FLOOR_VERSION,
  MARGINS,
  OVERRIDE_LASTS,
} from '@kidjamo/vitals';
import type { AlarmRule, Condition, Family, Level, Reach } from '@kidjamo/vitals';

const cell = (text: string): string => text.replaceAll('|', '\\|');
const DAY = 24 * 60 * 60_000;

const FAMILY_TITLES: Readonly<Record<Family, string>> = {
  floor: 'Floors',
  level: 'Levels of single vital signs',
  baseline: 'Personal baseline',
  combination: 'Combinations',
  score: 'Crisis score',
  pattern: 'Patterns',
  persistence: 'Persistence',
  trend: 'Trends',
  technical: 'Technical rules',
};

const IN_FORCE: Readonly<Record<Level['inForce'], string>> = {
  always: '',
  without_baseline: ' Only while no personal baseline takes its place.',
  floor_changed: ' Only for a patient whose temperature floor a clinician has changed.',
};

const REACH: Readonly<Record<Reach, string>> = {
  nobody: 'nobody: it is shown',
  caregivers: 'caregivers, never a clinician',
  clinicians: 'caregivers and clinicians',
};

/** The document by its path. */
export function generate(): ReadonlyMap<string, string> {
  return new Map([['docs/reference/rules.md', [...introduction(), ...FAMILIES.flatMap(family), ''].join('\n')]]);
}

function introduction(): string[] {
  const bands = AGE_BANDS.map((band, i) => {
    const next = AGE_BANDS[i + 1];
    return `| ${band} | ${BAND_STARTS[band]} | ${next === undefined ? '' : BAND_STARTS[next] - 1} |`;
  });
  return [
    '# Alarm rules',
    '',
    'Written by `npm run gen` from `apps/vitals/src/alarms/catalogue/catalogue.ts`. A test compares the two. Nothing here is validated for medical use.',
    '',
    `Version ${CATALOGUE_VERSION}; the [floors](floors.md) have version ${FLOOR_VERSION}. Sources are sections of the clinical reference; a star marks what is our own decision.`,
    'Where six numbers stand together, they are those of the age bands G1 to G6.',
    '',
    '| Age band | From completed years | To |',
    '| --- | --- | --- |',
    ...bands,
    '',
    'An unknown age counts as G5, and the alarm says so.',
    '',
    '## How rules are judged',
    '',
    '- On event time. A duration needs two consecutive readings that hold and span it, with no gap over 3 expected intervals: as configured for the device, else',
    '  the median of its last 20; with fewer than 5* known, 60 s*.',
    '- A value that is missing is never taken for a normal one. In rules on several vital signs the last value counts for 3 expected intervals*, a pain score for 60 min*.',
    '- Readings of low confidence count towards a level, and the alarm says so. They never end one, count as recovery, or enter a trend.',
    '- A reading that comes up to 10 minutes out of order gives what it would have given in order.',
    `- An alarm clears when its values have been back inside by a margin for ${durationText(CATALOGUE[0]?.offDelay ?? 0)}, on readings of good quality. A combination clears when one of its terms does.`,
    '  Silence, removal and low confidence are no recovery.',
    '',
    '| Vital sign or measure | Margin |',
    '| --- | --- |',
    ...Object.entries(MARGINS).map(([measure, margin]) => `| \`${measure}\` | ${margin} |`),
    '',
    'SpO2 need never rise above the personal baseline to clear an alarm.',
    '',
    '## Personal baseline of SpO2',
    '',
    'Until it is learned, by genotype:',
    '',
    '| Genotype | SpO2, % |',
    '| --- | --- |',
    ...Object.entries(BASELINE_PRIORS).map(([genotype, prior]) => `| ${genotype} | ${prior} |`),
    '',
    'Then the median of the medians of the last 7* days with 30* or more resting readings of good quality, of which it takes 3*. It never falls more than',
    `${BASELINE_MAX_FALL}* below the prior without a clinician.`,
    '',
    '## What a clinician may change for one patient',
    '',
    'A limit, the baseline, and whether a rule is in force. Each change bears who made it, why, and when it ends:',
    `after ${OVERRIDE_LASTS.atMost / DAY} days* at the latest, and after ${OVERRIDE_LASTS.ofFloor / DAY} days* where it touches a floor.`,
  ];
}

function family(name: Family): string[] {
  return ['', `## ${FAMILY_TITLES[name]}`, ...CATALOGUE.filter((rule) => rule.family === name).flatMap(section)];
}

function section(rule: AlarmRule): string[] {
  const { code, title, message, actions, levels, genotypes, reach, acknowledgeWithin, version, source } = rule;
  const tags = rule.tags({});
  return [
    '',
    `### ${code}`,
    '',
    '| Severity | Holds when | For |',
    '| --- | --- | --- |',
    ...levels.map(
      ({ severity, condition, onDelay, inForce }) =>
        `| ${severity} | ${cell(conditionText(condition))}.${IN_FORCE[inForce]} | ${onDelay === 0 ? 'at once' : durationText(onDelay)} |`,
    ),
    '',
    ...overridable(levels),
    `Reaches ${REACH[reach]}.${genotypes === undefined ? '' : ` Genotypes ${genotypes.join(', ')}.`}${acknowledgeWithin === undefined ? '' : ` To be acknowledged within ${acknowledgeWithin} min.`}${tags.length === 0 ? '' : ` Tags: ${tags.join(', ')}.`} Version ${version}. Source: ${source}.`,
    '',
    `- English: **${title.en}.** ${message.en} ${actions.map(({ en }) => en).join('. ')}.`,
    `- French: **${title.fr}.** ${message.fr} ${actions.map(({ fr }) => fr).join('. ')}.`,
  ];
}

/** Names of limits, where they are not those of the vital signs. */
function overridable(levels: readonly Level[]): string[] {
  const named = levels.flatMap(({ condition }) => termsOf(condition)).filter(({ key, measure }) => key !== measure);
  return named.length === 0 ? [] : [`Limits: ${[...new Set(named.map(({ key }) => `\`${key}\``))].join(', ')}.`, ''];
}

function termsOf(condition: Condition): readonly { readonly key: string; readonly measure: string }[] {
  if (condition.kind === 'terms') return condition.all.flat();
  return condition.kind === 'score' ? condition.terms : [];
}
