/**
 * Holds what a detector said against what was there, for one patient and one detector. An event is found by an alarm of alert or more that is raised, or stands,
 * between its onset and its end; a paged episode is called for by an event within 30 minutes* of it. Judgement waits until nothing can change it any more: a bracelet that
 * was offline tells hours later. What is judged is forgotten, so that memory does not grow with the days.
 */

import type { Severity } from '../../contracts/reading.ts';
import { rankOf } from '../../domain/severity.ts';
import type { TrueEvent } from './events.ts';
import type { About, Evidence, Sign } from './port.ts';
import { EVIDENCE } from './port.ts';

/** ms* (clinical reference, section 4). */
export const TOLERANCE = 30 * 60_000;

/** How a detector did on an event. */
export interface Found {
  /** ms from the onset to the first alarm that was raised in it; undefined when none was. */
  readonly after: number | undefined;
  /** An alarm already stood when it began. */
  readonly stood: boolean;
}

/** An episode in which people were called. Times are ms. */
export interface PagedEpisode {
  readonly start: number;
  end: number;
  /** Gravest so far. */
  severity: Severity;
  readonly about: About;
  /** Rule of its first call, and the artefact that disturbed the reading then, or `none`. */
  readonly rule: string;
  readonly artefact: string;
  /** The best that one of its calls rested on. */
  on: Evidence;
  /** Calls of alert or more, by their reason, and those below. */
  calls: number;
  readonly reasons: Map<string, number>;
  lowCalls: number;
  /** Messages that nobody has to answer. */
  notices: number;
  /** An event is near. */
  calledFor: boolean;
}

/** When something truly was (ms), and the artefact that disturbed the reading, or `none`. */
export interface Moment {
  readonly at: number;
  readonly artefact: string;
}

interface Span {
  readonly from: number;
  to: number;
}

/** The account of one detector. */
export class Account {
  #raises: number[] = [];
  #lives: Span[] = [];
  readonly #open = new Map<string, PagedEpisode>();
  #ended: PagedEpisode[] = [];
  readonly #found = new Map<TrueEvent, { first: number | undefined; stood: boolean }>();

  /** Takes what was said. */
  note(sign: Sign, { at, artefact }: Moment): void {
    switch (sign.kind) {
      case 'raised':
        this.#raises.push(at);
        return;
      case 'live':
        if (sign.live) this.#lives.push({ from: at, to: Number.POSITIVE_INFINITY });
        else this.#endLife(at);
        return;
      case 'called':
        this.#call(sign, { at, artefact });
        return;
      case 'informed':
        this.#inform(sign.episode);
        return;
      case 'ended':
        this.#end(sign.episode, at);
    }
  }

  /** Takes into account how `events` stand, before what lies before `horizon` (ms) is forgotten. */
  compare(events: readonly TrueEvent[], horizon: number): void {
    for (const event of events) {
      const found = this.#found.get(event) ?? { first: undefined, stood: false };
      this.#found.set(event, found);
      for (const raise of this.#raises)
        if (raise >= event.onset && raise <= event.end) found.first = Math.min(found.first ?? Number.POSITIVE_INFINITY, raise);
      if (this.#lives.some(({ from, to }) => from < event.onset && to >= event.onset)) found.stood = true;
      for (const episode of [...this.#open.values(), ...this.#ended]) {
        const { start, end } = episode;
        if (event.onset <= end + TOLERANCE && event.end >= start - TOLERANCE) episode.calledFor = true;
      }
    }
    this.#raises = this.#raises.filter((raise) => raise >= horizon);
    this.#lives = this.#lives.filter(({ to }) => to >= horizon);
  }

  /** How it did on an event, which is then forgotten. */
  take(event: TrueEvent): Found {
    const { first, stood } = this.#found.get(event) ?? { first: undefined, stood: false };
    this.#found.delete(event);
    return { after: first === undefined ? undefined : first - event.onset, stood };
  }

  /** Episodes that no event can come near any more, which are then forgotten. */
  takeEpisodes(horizon: number): readonly PagedEpisode[] {
    const over = this.#ended.filter(({ end }) => end + TOLERANCE < horizon);
    this.#ended = this.#ended.filter((episode) => !over.includes(episode));
    return over;
  }

  /** Ends what is open at `until` (ms). */
  finish(until: number): void {
    for (const episode of [...this.#open.keys()]) this.#end(episode, until);
    this.#endLife(until);
  }

  #endLife(at: number): void {
    const last = this.#lives.at(-1);
    if (last?.to === Number.POSITIVE_INFINITY) last.to = at;
  }

  #call({ episode, severity, about, rule, reason, on }: Extract<Sign, { kind: 'called' }>, { at, artefact }: Moment): void {
    let paged = this.#open.get(episode);
    if (paged === undefined) {
      const begun = { start: at, end: Number.POSITIVE_INFINITY, severity, about, rule, artefact };
      paged = { ...begun, on, calls: 0, reasons: new Map(), lowCalls: 0, notices: 0, calledFor: false };
      this.#open.set(episode, paged);
    }
    if (rankOf(severity) > rankOf(paged.severity)) paged.severity = severity;
    if (EVIDENCE.indexOf(on) < EVIDENCE.indexOf(paged.on)) paged.on = on;
    if (rankOf(severity) < rankOf('alert')) {
      paged.lowCalls += 1;
      return;
    }
    paged.calls += 1;
    paged.reasons.set(reason, (paged.reasons.get(reason) ?? 0) + 1);
  }

  /** It may come after what it is about is over. */
  #inform(id: string): void {
    const episode = this.#open.get(id) ?? this.#ended.at(-1);
    if (episode !== undefined) episode.notices += 1;
  }

  #end(id: string, at: number): void {
    const episode = this.#open.get(id);
    if (episode === undefined) return;
    episode.end = Math.max(at, episode.start);
    this.#open.delete(id);
    this.#ended.push(episode);
  }
}
