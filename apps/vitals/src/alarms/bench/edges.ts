/** Detectors without memory of anything but whether a limit is crossed: each rising edge is an alarm, a call and an episode of its own. */

import type { Sign } from './port.ts';
import { NO_SIGNS } from './port.ts';

/** A limit, and whether it is crossed; undefined where a reading does not tell, and then it stays as it was. */
export interface Crossing {
  readonly rule: string;
  readonly crossed: boolean | undefined;
}

/** Counts rising edges. */
export class Edges {
  readonly #crossed = new Set<string>();
  #count = 0;

  /** What the crossings of a reading received at `at` (ms) come to. */
  follow(crossings: readonly Crossing[], at: number): readonly Sign[] {
    const signs: Sign[] = [];
    const before = this.#crossed.size > 0;
    for (const { rule, crossed } of crossings) {
      if (crossed === undefined || crossed === this.#crossed.has(rule)) continue;
      if (!crossed) {
        this.#crossed.delete(rule);
        continue;
      }
      this.#crossed.add(rule);
      this.#count += 1;
      const episode = String(this.#count);
      signs.push(
        { kind: 'raised', at },
        { kind: 'called', at, episode, severity: 'alert', about: 'clinical', rule, reason: 'raised', on: 'good' },
        { kind: 'ended', at, episode },
      );
    }
    const after = this.#crossed.size > 0;
    if (before !== after) signs.push({ kind: 'live', at, live: after });
    return signs.length === 0 ? NO_SIGNS : signs;
  }
}
