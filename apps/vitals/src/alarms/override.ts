/**
 * What a clinician may change for one patient: a limit, a rule, the baseline. Always with who, why and until when. Nothing here is
 * stored or authorised: whoever takes an override in does that, and asks {@link parseOverride} first.
 */

import { KidjamoError } from '@kidjamo/stream';
import type { Static } from 'typebox';
import Type from 'typebox';
import { Compile } from 'typebox/compile';

import { SEVERITIES } from '../contracts/reading.ts';
import { RANGES } from '../domain/quality/value-checks.ts';
import type { AlarmRule, Level, Measure, Term } from './catalogue/rule-data.ts';

const COMMON = {
  /** Internal id of the clinician. */
  by: Type.String({ pattern: '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$' }),
  reason: Type.String({ minLength: 5, maxLength: 500, pattern: '\\S.*\\S' }),
  /** ms since the epoch; in force from here on, up to `expires` and not at it. */
  from: Type.Number(),
  expires: Type.Number(),
};
const Code = Type.String({ minLength: 1, maxLength: 64 });

/** Another value for one limit of a rule. Units as the vital sign. */
const LimitOverride = Type.Object(
  {
    kind: Type.Literal('limit'),
    rule: Code,
    severity: Type.Enum(SEVERITIES),
    /** Key of the limit. */
    limit: Type.String({ minLength: 1, maxLength: 32 }),
    value: Type.Number(),
    ...COMMON,
  },
  { additionalProperties: false },
);
const DisableOverride = Type.Object({ kind: Type.Literal('disable'), rule: Code, ...COMMON }, { additionalProperties: false });
/** For a rule that is meant for other genotypes. */
const EnableOverride = Type.Object({ kind: Type.Literal('enable'), rule: Code, ...COMMON }, { additionalProperties: false });
/** %, in place of what was learned. */
const BaselineOverride = Type.Object(
  { kind: Type.Literal('baseline'), value: Type.Number({ minimum: 70, maximum: 100 }), ...COMMON },
  { additionalProperties: false },
);

const OverrideSchema = Type.Union([LimitOverride, DisableOverride, EnableOverride, BaselineOverride]);
const validator = Compile(OverrideSchema);

/** A change of the rules for one patient. */
export type Override = Static<typeof OverrideSchema>;

/** ms*: how long an override may last, and one that touches a floor. */
export const OVERRIDE_LASTS = { atMost: 365 * 24 * 60 * 60_000, ofFloor: 30 * 24 * 60 * 60_000 } as const;
/** Characters*: a floor takes more than a word. */
const FLOOR_REASON = 20;

/** Where limits may be put: the plausible range of the vital sign, or the ends of its scale; heat index 20-60 Cel*. */
const LIMIT_RANGES: Readonly<Record<Measure, { readonly low: number; readonly high: number }>> = {
  ...RANGES,
  activity: { low: 0, high: 10 },
  pain: { low: 0, high: 10 },
  heat_index: { low: 20, high: 60 },
  battery: { low: 0, high: 100 },
  signal: { low: 0, high: 100 },
};

/**
 * The override that `input` is. Throws `INPUT_INVALID`, naming the member that is wrong, when it does not fit the schema or the
 * catalogue, ends before it begins or by `now`, or lasts too long.
 */
export function parseOverride(input: unknown, catalogue: readonly AlarmRule[], now: number): Override {
  if (!validator.Check(input)) throw invalid(`override: ${schemaFault(input)}`);
  const { from, expires } = input;
  if (expires <= from || expires <= now) throw invalid('expires: has to lie after from and after the present time');
  if (expires - from > OVERRIDE_LASTS.atMost) throw invalid('expires: an override lasts 365 days at most; renew it when it ends');
  if (input.kind === 'baseline') return input;
  const rule = catalogue.find(({ code }) => code === input.rule);
  if (rule === undefined) throw invalid('rule: is none of the catalogue; see docs/reference/rules.md');
  if (rule.family === 'floor') checkFloor(input);
  if (input.kind === 'enable' && rule.genotypes === undefined) throw invalid('rule: is in force for every genotype already');
  if (input.kind === 'limit') checkLimit(input, rule);
  return input;
}

function checkFloor({ kind, from, expires, reason }: Override): void {
  if (kind === 'enable') throw invalid('rule: a floor is in force already');
  if (expires - from > OVERRIDE_LASTS.ofFloor)
    throw invalid('expires: an override of a floor lasts 30 days at most; renew it when it ends');
  if (reason.trim().length < FLOOR_REASON)
    throw invalid(`reason: an override of a floor takes a reason of ${FLOOR_REASON} characters or more`);
}

function checkLimit({ severity, limit, value }: Static<typeof LimitOverride>, { levels }: AlarmRule): void {
  const level = levels.find((each) => each.severity === severity);
  if (level === undefined) throw invalid('severity: the rule has no such level');
  const term = termsOf(level).find(({ key }) => key === limit);
  if (term === undefined) throw invalid('limit: the level has no limit of that name');
  const { low, high } = LIMIT_RANGES[term.measure];
  if (value < low || value > high) throw invalid(`value: has to lie from ${low} to ${high}`);
}

/** The limits of a level that an override can change. */
export function termsOf({ condition }: Level): readonly Term[] {
  if (condition.kind === 'terms') return condition.all.flat();
  return condition.kind === 'score' ? condition.terms : [];
}

/** Names the first member at fault, and never its value. */
function schemaFault(input: unknown): string {
  if (typeof input !== 'object' || input === null) return 'has to be an object';
  const kind = 'kind' in input ? input.kind : undefined;
  const index = ['limit', 'disable', 'enable', 'baseline'].indexOf(typeof kind === 'string' ? kind : '');
  const schema = [LimitOverride, DisableOverride, EnableOverride, BaselineOverride][index];
  if (schema === undefined) return 'kind has to be one of limit, disable, enable, baseline';
  const members = Object.keys(schema.properties);
  const odd = Object.keys(input).some((name) => !members.includes(name));
  if (odd) return `has a member that is none of ${members.join(', ')}`;
  const missing = members.find((name) => !(name in input));
  return missing === undefined ? 'a member is of the wrong type or length' : `${missing} is missing`;
}

function invalid(message: string): KidjamoError {
  return new KidjamoError('INPUT_INVALID', message);
}
