/** Alarm load over recorded readings. Nobody knows what truly was, so that there are no events and nothing is right or wrong. */

import { KidjamoError } from '@kidjamo/stream';

import type { Vitals } from '../../contracts/reading.ts';
import type { ByDetector, Watching } from './detectors.ts';
import { newTallies, watch } from './detectors.ts';
import { Hearing } from './hearing.ts';
import type { Load } from './tally.ts';

/** ms since the epoch at which every recording begins. */
const FROM = Date.UTC(2024, 0, 1);

/** A recorded reading. */
export interface Recorded {
  readonly subject: string;
  /** Seconds from the subject's own start. */
  readonly t: number;
  readonly vitals: Vitals;
}

/** The subject whose readings come. */
interface Subject {
  readonly name: string;
  readonly watching: readonly Watching[];
  readonly hearing: Hearing;
  readonly first: number;
  last: number;
}

/** Adds up. Readings of a subject come together, in order of time; one subject at a time is held in memory. */
export class RecordedLoad {
  readonly #tallies = newTallies();
  readonly #seen = new Set<string>();
  #subject: Subject | undefined;

  /** @throws KidjamoError INPUT_INVALID when the readings of a subject do not stand together in order of time. */
  add({ subject, t, vitals }: Recorded): void {
    const at = FROM + t * 1000;
    if (!this.#seen.has(subject)) {
      this.#end();
      this.#seen.add(subject);
      // Nothing is known of them but that most are adults in intensive care.
      const watching = watch({ age: { band: 'G5', known: false }, years: undefined, genotype: undefined });
      this.#subject = { name: subject, watching, hearing: new Hearing(), first: at, last: at };
    }
    const known = this.#subject;
    if (known?.name !== subject || at < known.last)
      throw new KidjamoError('INPUT_INVALID', 'the readings of a subject must stand together in the file, in order of t');
    known.last = at;
    const heard = known.hearing.hear({ device: subject, at, received: at, content: { vitals } }, undefined);
    for (const { detector, account } of known.watching)
      for (const sign of [...detector.pass(at), ...detector.hear(heard)]) account.note(sign, { at: sign.at, artefact: 'none' });
  }

  /** What it came to. */
  finish(): ByDetector<Load> {
    this.#end();
    const { engine, raw_limits: limits, news2 } = this.#tallies;
    return { engine: engine.load(), raw_limits: limits.load(), news2: news2.load() };
  }

  #end(): void {
    if (this.#subject === undefined) return;
    const { watching, first, last } = this.#subject;
    for (const { name, account } of watching) {
      account.finish(last);
      for (const episode of account.takeEpisodes(Number.POSITIVE_INFINITY)) this.#tallies[name].episode(episode);
      this.#tallies[name].watched(last - first);
    }
    this.#subject = undefined;
  }
}
