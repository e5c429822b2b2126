/** Sums of a detector over patients, and the figures that they give. */

import { rankOf } from '../../domain/severity.ts';
import type { Found, PagedEpisode } from './matching.ts';

/** ms. */
const DAY = 24 * 60 * 60_000;
/** Seconds up to which delays are kept apart; longer ones count as this. */
const LONGEST = 4 * 60 * 60;

/** Counts by name. */
export type Counts = Record<string, number>;

/** Of the events of a class. */
interface ClassCount {
  events: number;
  detected: number;
}

/** What is known of an event when it is judged. */
export interface JudgedEvent {
  /** What goes on in the body, or `none`. */
  readonly cause: string;
  /** Rules whose conditions were met. */
  readonly rules: Iterable<string>;
  /** What hid it most, of artefacts, or `none`. */
  readonly artefact: string;
  /** Whether the raw limits found it. */
  readonly foundByLimits: boolean;
}

/** How many alarms there are. Rates are per patient-day. */
export interface Load {
  readonly pages_per_patient_day: number;
  readonly paged_episodes_per_patient_day: number;
  readonly patients: number;
  readonly patient_days: number;
  /** Pages, without those for nothing but floors on readings of low confidence. */
  readonly pages_without_low_confidence_floors: number;
  /** Messages to clinicians that a caregiver has seen a critical alarm: nobody has to answer them, and they are no pages. */
  readonly notices_per_patient_day: number;
  /** Published apart: below alert, and technical. */
  readonly warn_episodes_per_patient_day: number;
  readonly technical_episodes_per_patient_day: number;
  /** Paged episodes by the rule of the first call. */
  readonly episodes_by_rule: Counts;
  /** Pages by what they come of. */
  readonly pages_by_reason: Counts;
}

/** How well a detector does; null where there is nothing to tell. */
export interface Figures extends Load {
  readonly sensitivity: number | null;
  readonly median_detection_s: number | null;
  readonly non_actionable_per_patient_day: number;
  readonly non_actionable_without_low_confidence_floors: number;
  readonly warn_non_actionable_per_patient_day: number;
  /** Of crises and chest syndromes alone. */
  readonly crisis_sensitivity: number | null;
  readonly detected_within_2_min: number | null;
  readonly events: number;
  readonly detected: number;
  readonly missed: number;
  /** Of those missed: found by the raw limits. */
  readonly lost_to_raw_limits: number;
  /** Of those detected: only by an alarm that stood already. They have no delay. */
  readonly stood_already: number;
  readonly by_cause: Readonly<Record<string, { readonly events: number; readonly detected: number; readonly sensitivity: number | null }>>;
  readonly missed_by: { readonly rule: Counts; readonly artefact: Counts };
  /** Of non-actionable episodes: the rule of the first call, what disturbed the reading, and the best that their calls rested on. */
  readonly non_actionable_by: { readonly rule: Counts; readonly artefact: Counts; readonly evidence: Counts };
  /** Share of all events that are detected so many seconds after onset. */
  readonly detected_after_s: readonly (readonly [seconds: number, share: number])[];
}

/** Adds up. */
export class Tally {
  #patients = 0;
  #time = 0;
  #events = 0;
  #detected = 0;
  #stood = 0;
  #lost = 0;
  readonly #delays = new Map<number, number>();
  readonly #causes = new Map<string, ClassCount>();
  readonly #missedRules: Counts = {};
  readonly #missedArtefacts: Counts = {};
  readonly #pages = { all: 0, doubtful: 0, notices: 0 };
  readonly #episodes = { all: 0, warn: 0, technical: 0 };
  readonly #nonActionable = { all: 0, doubtful: 0, warn: 0 };
  readonly #rules: Counts = {};
  readonly #reasons: Counts = {};
  readonly #falseRules: Counts = {};
  readonly #falseArtefacts: Counts = {};
  readonly #falseEvidence: Counts = {};

  /** A patient watched for `ms`. */
  watched(ms: number): void {
    this.#patients += 1;
    this.#time += ms;
  }

  event({ cause, rules, artefact, foundByLimits }: JudgedEvent, { after, stood }: Found): void {
    const detected = after !== undefined || stood;
    const ofCause = this.#causes.get(cause) ?? { events: 0, detected: 0 };
    this.#causes.set(cause, ofCause);
    this.#events += 1;
    ofCause.events += 1;
    if (detected) {
      this.#detected += 1;
      ofCause.detected += 1;
    } else {
      for (const rule of rules) increase(this.#missedRules, rule);
      increase(this.#missedArtefacts, artefact);
      if (foundByLimits) this.#lost += 1;
    }
    if (after === undefined) this.#stood += Number(stood);
    else {
      const seconds = Math.min(LONGEST, Math.round(after / 1000));
      this.#delays.set(seconds, (this.#delays.get(seconds) ?? 0) + 1);
    }
  }

  episode({ severity, about, rule, artefact, on, calls, reasons, notices, calledFor }: PagedEpisode): void {
    const doubtful = on === 'low_floor';
    if (about === 'technical') {
      this.#episodes.technical += 1;
      return;
    }
    if (rankOf(severity) < rankOf('alert')) {
      this.#episodes.warn += 1;
      if (!calledFor) this.#nonActionable.warn += 1;
      return;
    }
    this.#episodes.all += 1;
    this.#pages.all += calls;
    this.#pages.notices += notices;
    for (const [reason, count] of reasons) increase(this.#reasons, reason, count);
    increase(this.#rules, rule);
    if (doubtful) this.#pages.doubtful += calls;
    if (calledFor) return;
    this.#nonActionable.all += 1;
    if (doubtful) this.#nonActionable.doubtful += 1;
    increase(this.#falseRules, rule);
    increase(this.#falseArtefacts, artefact);
    increase(this.#falseEvidence, on);
  }

  load(): Load {
    return {
      pages_per_patient_day: this.#perDay(this.#pages.all),
      paged_episodes_per_patient_day: this.#perDay(this.#episodes.all),
      patients: this.#patients,
      patient_days: rounded(this.#time / DAY),
      pages_without_low_confidence_floors: this.#perDay(this.#pages.all - this.#pages.doubtful),
      notices_per_patient_day: this.#perDay(this.#pages.notices),
      warn_episodes_per_patient_day: this.#perDay(this.#episodes.warn),
      technical_episodes_per_patient_day: this.#perDay(this.#episodes.technical),
      episodes_by_rule: byCount(this.#rules),
      pages_by_reason: byCount(this.#reasons),
    };
  }

  figures(): Figures {
    const { all, doubtful, warn } = this.#nonActionable;
    const causes = [...this.#causes].sort(([a], [b]) => (a < b ? -1 : 1));
    const crises = causes.filter(([cause]) => cause === 'crisis' || cause === 'chest_syndrome').map(([, counts]) => counts);
    return {
      sensitivity: share(this.#detected, this.#events),
      median_detection_s: this.#median(),
      non_actionable_per_patient_day: this.#perDay(all),
      ...this.load(),
      non_actionable_without_low_confidence_floors: this.#perDay(all - doubtful),
      warn_non_actionable_per_patient_day: this.#perDay(warn),
      crisis_sensitivity: share(
        crises.reduce((sum, { detected }) => sum + detected, 0),
        crises.reduce((sum, { events }) => sum + events, 0),
      ),
      detected_within_2_min: share(this.#within(120), this.#events),
      events: this.#events,
      detected: this.#detected,
      missed: this.#events - this.#detected,
      lost_to_raw_limits: this.#lost,
      stood_already: this.#stood,
      by_cause: Object.fromEntries(
        causes.map(([cause, counts]) => [cause, { ...counts, sensitivity: share(counts.detected, counts.events) }]),
      ),
      missed_by: { rule: byCount(this.#missedRules), artefact: byCount(this.#missedArtefacts) },
      non_actionable_by: {
        rule: byCount(this.#falseRules),
        artefact: byCount(this.#falseArtefacts),
        evidence: byCount(this.#falseEvidence),
      },
      detected_after_s: CURVE.map((seconds) => [seconds, share(this.#within(seconds), this.#events) ?? 0] as const),
    };
  }

  #perDay(count: number): number {
    return this.#time === 0 ? 0 : rounded((count * DAY) / this.#time);
  }

  /** Events found within `seconds` of their onset, those for which an alarm stood already among them. */
  #within(seconds: number): number {
    let count = this.#stood;
    for (const [after, events] of this.#delays) if (after <= seconds) count += events;
    return count;
  }

  /** Of the delays of alarms raised in an event: one that stood already has none, and would flatter. */
  #median(): number | null {
    const delays = [...this.#delays].sort(([a], [b]) => a - b);
    const total = delays.reduce((sum, [, count]) => sum + count, 0);
    let below = 0;
    for (const [seconds, count] of delays) {
      below += count;
      if (below * 2 >= total) return seconds;
    }
    return null;
  }
}

/** Where the curve of detection is told, s. */
const CURVE = [0, 30, 60, 90, 120, 150, 180, 240, 300, 420, 600, 900];

function increase(counts: Counts, name: string, by = 1): void {
  counts[name] = (counts[name] ?? 0) + by;
}

/** Most frequent first. */
function byCount(counts: Counts): Counts {
  return Object.fromEntries(Object.entries(counts).sort(([a, n], [b, m]) => m - n || (a < b ? -1 : 1)));
}

function share(part: number, whole: number): number | null {
  return whole === 0 ? null : rounded(part / whole);
}

function rounded(value: number): number {
  return Math.round(value * 1e4) / 1e4;
}
