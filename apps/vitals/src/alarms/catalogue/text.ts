/** Limits as a person reads them. The same words in either language, since they are names and units. */

import { AGE_BANDS } from '../../domain/age.ts';
import { HOUR, isSame, MINUTE, SECOND } from './numbers.ts';
import type { Bound, Condition, Level, Measure, ResolvedCondition, ResolvedTerm, Term } from './rule-data.ts';

const NAMES: Readonly<Record<Measure, readonly [name: string, unit: string, digits: number]>> = {
  heart_rate: ['heart rate', ' /min', 0],
  resp_rate: ['respiratory rate', ' /min', 0],
  spo2: ['SpO2', ' %', 0],
  temperature: ['temperature', ' Cel', 1],
  ambient_temp: ['ambient temperature', ' Cel', 0],
  hydration: ['hydration', ' %', 0],
  activity: ['activity', '', 0],
  heat_index: ['heat index', ' Cel', 0],
  pain: ['pain', '', 0],
  battery: ['battery', ' %', 0],
  signal: ['signal', '', 0],
};

/** A length of time, in seconds up to two minutes, else in minutes. */
export function durationText(ms: number): string {
  return ms < 2 * MINUTE ? `${ms / SECOND} s` : `${ms / MINUTE} min`;
}

/** What a level needs, in words. */
export function levelText({
  severity,
  condition,
  onDelay,
}: Pick<Level, 'severity' | 'onDelay'> & { condition: Condition | ResolvedCondition }): string {
  const delay = onDelay === 0 ? '' : ` for ${durationText(onDelay)}`;
  return `${severity}: ${conditionText(condition)}${delay}`;
}

/** What holds, in words. */
export function conditionText(condition: Condition | ResolvedCondition): string {
  switch (condition.kind) {
    case 'terms':
      return condition.all.map((group, _, groups) => groupText(group, groups.length > 1)).join(' and ');
    case 'score':
      return `${condition.terms.map((term) => `${termText(term)}: ${term.points}`).join(', ')}; ${condition.atLeast} points or more`;
    case 'baseline':
      return `SpO2 ${condition.below} points or more below the personal baseline`;
    case 'trend': {
      const [name, unit] = NAMES[condition.vital];
      const sign = condition.change > 0 ? '+' : '';
      return `${name} ${sign}${condition.change}${unit} in ${condition.window / MINUTE} min, over at least ${condition.points} values`;
    }
    case 'finding':
      return `quality checks ${condition.findings.join(', ')}`;
    case 'absent':
      return `a vital sign missing for ${condition.intervals} expected intervals that came within the last ${condition.within / HOUR} h`;
    case 'loss':
      return `more than ${condition.above} % of the expected readings missing in ${condition.window / MINUTE} min`;
    case 'forecast':
      return `battery expected below ${condition.below} % within ${condition.within / MINUTE} min`;
    case 'silence':
      return `no reading for ${condition.intervals} expected intervals, and at least ${condition.atLeast / MINUTE} min`;
    case 'assignment':
      return 'readings wait for the device to be assigned';
  }
}

/** A limit: `heart rate < 40 or > 180 /min`. Alternatives on one measure share its name. */
function groupText(group: readonly (Term | ResolvedTerm)[], bracket: boolean): string {
  const [first] = group;
  if (first === undefined) return '';
  if (group.length === 1) return termText(first);
  const same = group.every(({ measure }) => measure === first.measure);
  const [name, unit] = NAMES[first.measure];
  const text = same ? `${name} ${group.map((term) => boundText(term)).join(' or ')}${unit}` : group.map(termText).join(' or ');
  return bracket ? `(${text})` : text;
}

function termText(term: Term | ResolvedTerm): string {
  const [name, unit] = NAMES[term.measure];
  return `${name} ${boundText(term)}${unit}`;
}

function boundText(term: Term | ResolvedTerm): string {
  if (!('bounds' in term)) return `${term.op} ${numberText(term.measure, term)}`;
  const { bounds, measure } = term;
  if (isSame(bounds)) return `${bounds.G5.op} ${numberText(measure, bounds.G5)}`;
  const ops = new Set(AGE_BANDS.map((band) => bounds[band].op));
  if (ops.size === 1) return `${bounds.G5.op} ${AGE_BANDS.map((band) => numberText(measure, bounds[band])).join('/')}`;
  return AGE_BANDS.map((band) => `${bounds[band].op} ${numberText(measure, bounds[band])}`).join('/');
}

/** At least the digits that the vital sign is read with, and no fewer than the number has. */
function numberText(measure: Measure, { value }: Bound): string {
  const digits = NAMES[measure][2];
  return Number(value.toFixed(digits)) === value ? value.toFixed(digits) : String(Math.round(value * 100) / 100);
}
