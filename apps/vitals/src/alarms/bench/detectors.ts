/** The detectors that are compared. */

import type { Genotype } from '../../contracts/reading.ts';
import type { Age } from '../../domain/age.ts';
import { EngineDetector } from './engine-detector.ts';
import { Account } from './matching.ts';
import { NEWS2_FROM, News2Score } from './news2-score.ts';
import type { Detector } from './port.ts';
import { RawLimits } from './raw-limits.ts';
import { Tally } from './tally.ts';

/** Names of the detectors, as in the results. */
export const DETECTORS = ['engine', 'raw_limits', 'news2'] as const;
export type DetectorName = (typeof DETECTORS)[number];

/** One for each detector. */
export type ByDetector<T> = Readonly<Record<DetectorName, T>>;

/** Whom detectors watch. */
export interface Patient {
  readonly age: Age;
  /** Completed years; undefined where they are not known, and then counted as adult. */
  readonly years: number | undefined;
  readonly genotype: Genotype | undefined;
}

/** A detector at work on one patient. */
export interface Watching {
  readonly name: DetectorName;
  readonly detector: Detector;
  readonly account: Account;
}

/** The detectors of a patient. NEWS2 is not meant for those under 16. */
export function watch({ age, years, genotype }: Patient): readonly Watching[] {
  const detectors: Partial<Record<DetectorName, Detector>> = {
    engine: new EngineDetector({ age, genotype }),
    raw_limits: new RawLimits(age.band),
    ...(years === undefined || years >= NEWS2_FROM ? { news2: new News2Score(years) } : {}),
  };
  return DETECTORS.flatMap((name) => {
    const detector = detectors[name];
    return detector === undefined ? [] : [{ name, detector, account: new Account() }];
  });
}

/** A tally for each. */
export function newTallies(): ByDetector<Tally> {
  return { engine: new Tally(), raw_limits: new Tally(), news2: new Tally() };
}
