/**
 * What an alarm rule is, as data. Rules say what holds and for how long; they hold no state and do nothing. Everything that a person may
 * want to know of a rule stands in it, so that alarms, documents and tests read the same.
 */

import type { Genotype, Severity, Vital } from '../../contracts/reading.ts';
import type { ByBand } from '../../domain/age-limits.ts';
import type { Rule } from '../../domain/rule.ts';

/** What a limit can be set on. Battery and signal (0-100) are of the device. */
export type Measure = Vital | 'battery' | 'signal';

/** How a value stands to its limit when the rule holds. */
export type Comparison = '<' | '<=' | '>' | '>=';

/** One side of a limit. Units as the vital sign. */
export interface Bound {
  readonly op: Comparison;
  readonly value: number;
}

/** A limit of a rule, by age band. */
export interface Term {
  /** Names the limit within its level, for overrides. */
  readonly key: string;
  readonly measure: Measure;
  readonly bounds: ByBand<Bound>;
}

/** A limit that adds points to a score. */
export interface ScoredTerm extends Term {
  readonly points: number;
}

/** Groups that must all hold; of each group, one term is enough. */
export interface TermsCondition<T = Term> {
  readonly kind: 'terms';
  readonly all: readonly (readonly T[])[];
}

/** Points of the terms that hold, at least so many. */
export interface ScoreCondition<T = ScoredTerm> {
  readonly kind: 'score';
  readonly terms: readonly T[];
  readonly atLeast: number;
}

/** SpO2 this many points or more below the personal baseline. */
export interface BaselineCondition {
  readonly kind: 'baseline';
  readonly below: number;
}

/** The vital signs whose trend is followed. */
export type TrendVital = 'heart_rate' | 'temperature' | 'spo2';

/** The newest good value differs by `change` or more, in its direction, from the oldest good one in the window. */
export interface TrendCondition {
  readonly kind: 'trend';
  readonly vital: TrendVital;
  /** With sign. Units as the vital sign. */
  readonly change: number;
  /** ms. */
  readonly window: number;
  /** Good values that the window needs. */
  readonly points: number;
}

/** One of these quality checks finds something in the reading (names of `domain/quality`). */
export interface FindingCondition {
  readonly kind: 'finding';
  readonly findings: readonly string[];
}

/** A vital sign that came within the time given has been missing for so many expected intervals, while readings go on. */
export interface AbsentCondition {
  readonly kind: 'absent';
  readonly intervals: number;
  /** ms: what has been away for longer is no more expected. */
  readonly within: number;
}

/** More than so many % of the readings expected of a device in the window are missing. */
export interface LossCondition {
  readonly kind: 'loss';
  /** ms. */
  readonly window: number;
  /** %. */
  readonly above: number;
}

/** At its present drain the battery falls below the limit within this time. */
export interface ForecastCondition {
  readonly kind: 'forecast';
  /** %. */
  readonly below: number;
  /** ms. */
  readonly within: number;
}

/** No reading of the patient for so many expected intervals, and at least so long. By log time. */
export interface SilenceCondition {
  readonly kind: 'silence';
  readonly intervals: number;
  /** ms. */
  readonly atLeast: number;
}

/** Readings wait in quarantine for a person to assign the device: told by the gateway, not by readings. */
export interface AssignmentCondition {
  readonly kind: 'assignment';
}

/** Conditions that are the same for every patient. */
type PlainCondition =
  TrendCondition | FindingCondition | AbsentCondition | LossCondition | ForecastCondition | SilenceCondition | AssignmentCondition;

/** What has to hold. */
export type Condition = TermsCondition | ScoreCondition | BaselineCondition | PlainCondition;

/** A limit as it is in force for a patient. */
export interface ResolvedTerm extends Bound {
  readonly key: string;
  readonly measure: Measure;
  /** A value has to be back here, or further inside, before an alarm clears. */
  readonly clearAt: number;
}

/** The same, with points. */
export interface ResolvedScoredTerm extends ResolvedTerm {
  readonly points: number;
}

/** What has to hold for one patient. */
export type ResolvedCondition = TermsCondition<ResolvedTerm> | ScoreCondition<ResolvedScoredTerm> | PlainCondition;

/** When a level is in force. */
export type InForce =
  | 'always'
  /** Only while no personal SpO2 baseline takes its place. */
  | 'without_baseline'
  /** Only for a patient whose temperature floor a clinician has changed; else the floor speaks. */
  | 'floor_changed';

/** A severity of a rule, and what it takes. */
export interface Level {
  readonly severity: Severity;
  readonly condition: Condition;
  /** How long it has to hold, ms of event time; 0 for at once. */
  readonly onDelay: number;
  readonly inForce: InForce;
}

/** Groups of rules, as the clinical reference has them. */
export const FAMILIES = ['floor', 'level', 'baseline', 'combination', 'score', 'pattern', 'persistence', 'trend', 'technical'] as const;
export type Family = (typeof FAMILIES)[number];

/** Whom an alarm may reach at the most: `nobody` is shown and never sent. */
export type Reach = 'nobody' | 'caregivers' | 'clinicians';

/** A rule of the catalogue. */
export interface AlarmRule extends Rule {
  readonly family: Family;
  /** By rising severity, one for each; a graver one holds for worse values only. `severity` of the rule is that of the last. */
  readonly levels: readonly [Level, ...Level[]];
  /** How long values have to be back inside by their margins before the alarm clears, ms of event time. */
  readonly offDelay: number;
  /** In force for these genotypes only; undefined for everybody. An override may enable it for another patient. */
  readonly genotypes: readonly Genotype[] | undefined;
  readonly reach: Reach;
  /** Minutes within which it has to be acknowledged, where it is not what its severity says. */
  readonly acknowledgeWithin: number | undefined;
  /** Where its limits and its times come from: a section of the clinical reference; a star marks what is our own decision. */
  readonly source: string;
}
