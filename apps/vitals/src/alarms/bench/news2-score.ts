/** Baseline of the benchmark: the partial NEWS2 of each reading, from 16 years. Urgent (5 points or more, or a single 3) alarms at once, on its rising edge. */

import { news2 } from '../scores/news2.ts';
import { Edges } from './edges.ts';
import type { Detector, Heard, Sign } from './port.ts';
import { NO_SIGNS } from './port.ts';

/** Completed years from which NEWS2 may be used (Royal College of Physicians, 2017). */
export const NEWS2_FROM = 16;

export class News2Score implements Detector {
  readonly #years: number | undefined;
  readonly #edges = new Edges();

  /** Completed years; undefined counts as adult. */
  constructor(years: number | undefined) {
    this.#years = years;
  }

  hear({ reading, received }: Heard): readonly Sign[] {
    if (reading.notWorn) return NO_SIGNS;
    const score = news2(reading.vitals, this.#years, reading.lowConfidence);
    const crossed = score === undefined ? undefined : score.response !== 'routine';
    return this.#edges.follow([{ rule: 'NEWS2', crossed }], received);
  }

  pass(): readonly Sign[] {
    return NO_SIGNS;
  }
}
