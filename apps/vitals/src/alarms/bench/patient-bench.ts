/** One patient of the benchmark: what truly is, what the detectors hear of it, and how the two compare. */

import { completedYears } from '../../domain/age.ts';
import type { MedicalPatient } from '../../simulator/medical/patient.ts';
import type { ReceivedSample } from '../../simulator/medical/receipt.ts';
import type { Sample } from '../../simulator/medical/simulation.ts';
import type { ByDetector, DetectorName, Watching } from './detectors.ts';
import { watch } from './detectors.ts';
import type { TrueEvent } from './events.ts';
import { EventWatch } from './events.ts';
import { Hearing } from './hearing.ts';
import type { Found } from './matching.ts';
import type { Sign } from './port.ts';
import type { Tally } from './tally.ts';

/** ms*: after so long nothing more is heard of what was. A bracelet is offline for six hours at most. */
const JUDGED_AFTER = 8 * 60 * 60_000;
/** ms between two judgements. */
const JUDGE_EVERY = 60 * 60_000;
/** ms*: for how long after a disturbed reading an alarm may still be of it. */
const ARTEFACT_LASTS = 3 * 60_000;
/** What goes on in a body, gravest first: an event belongs to the first that went on in it. */
const CAUSES = ['crisis', 'chest_syndrome', 'infection', 'dehydration', 'heat_stress', 'exertion', 'stress'] as const;

/** An event, and what is told of it. */
interface Noted {
  readonly event: TrueEvent;
  readonly causes: Set<string>;
  readonly artefacts: Map<string, number>;
}

/** What all patients of a run have in common. Times are ms. */
export interface BenchSettings {
  readonly from: number;
  readonly until: number;
  readonly interval: number;
  /** Where each detector's figures add up: those of the part, and of the whole. */
  readonly tallies: ByDetector<readonly Tally[]>;
}

export class PatientBench {
  readonly #settings: BenchSettings;
  readonly #truth: EventWatch;
  readonly #hearing = new Hearing();
  readonly #watching: readonly Watching[];
  #events: Noted[] = [];
  #lastArtefact = { name: 'none', at: Number.NEGATIVE_INFINITY };
  #judgeAt: number;

  constructor({ band, genotype, birthDate }: MedicalPatient, settings: BenchSettings) {
    const { from, interval } = settings;
    this.#settings = settings;
    const age = { band, known: true };
    this.#truth = new EventWatch({ age, genotype, interval, from });
    this.#watching = watch({ age, genotype, years: completedYears(birthDate, from) });
    this.#judgeAt = from + JUDGE_EVERY;
  }

  /** What truly is at a sample, in order of event time. Nothing that was received up to one interval before may come after it. */
  live({ at, clean, episodes, artefacts }: Sample): void {
    const artefact = artefacts[0];
    if (artefact !== undefined) this.#lastArtefact = { name: artefact, at };
    const event = this.#truth.step(at, clean);
    if (event !== undefined) this.#note(event, { causes: episodes, artefact });
    for (const watching of this.#watching) this.#tell(watching, watching.detector.pass(at - this.#settings.interval));
    if (at < this.#judgeAt) return;
    this.#judge(at - JUDGED_AFTER);
    this.#judgeAt = at + JUDGE_EVERY;
  }

  /** A reading is received. Readings come in order of receipt. */
  hear({ sent, received, at, artefacts, patient }: ReceivedSample): void {
    const incoming = { device: patient.device, at: sent.at, received, content: sent.content };
    const heard = this.#hearing.hear(incoming, this.#settings.interval);
    const moment = { at, artefact: artefacts[0] ?? this.#recentArtefact(at) };
    for (const watching of this.#watching) {
      this.#tell(watching, watching.detector.pass(received));
      for (const sign of watching.detector.hear(heard)) watching.account.note(sign, moment);
    }
  }

  /** The simulation is over. */
  finish(): void {
    const { from, until, tallies } = this.#settings;
    for (const watching of this.#watching) {
      this.#tell(watching, watching.detector.pass(until));
      watching.account.finish(until);
      for (const tally of tallies[watching.name]) tally.watched(until - from);
    }
    this.#judge(Number.POSITIVE_INFINITY);
  }

  #tell({ account }: Watching, signs: readonly Sign[]): void {
    for (const sign of signs) account.note(sign, { at: sign.at, artefact: this.#recentArtefact(sign.at) });
  }

  /** What disturbed a reading may call a minute later. */
  #recentArtefact(at: number): string {
    return at - this.#lastArtefact.at <= ARTEFACT_LASTS ? this.#lastArtefact.name : 'none';
  }

  #note(event: TrueEvent, { causes, artefact }: { readonly causes: readonly string[]; readonly artefact: string | undefined }): void {
    let noted = this.#events.at(-1);
    if (noted?.event !== event) {
      noted = { event, causes: new Set(), artefacts: new Map() };
      this.#events.push(noted);
      // What disturbs while a duration runs hides an event as well.
      if (artefact === undefined && this.#lastArtefact.at >= event.onset) noted.artefacts.set(this.#lastArtefact.name, 1);
    }
    for (const cause of causes) noted.causes.add(cause);
    if (artefact !== undefined) noted.artefacts.set(artefact, (noted.artefacts.get(artefact) ?? 0) + 1);
  }

  /** Judges what lies before `horizon` (ms). */
  #judge(horizon: number): void {
    const events = this.#events.map(({ event }) => event);
    for (const { account } of this.#watching) account.compare(events, horizon);
    const over = this.#events.filter(({ event }) => event.end < horizon);
    this.#events = this.#events.filter((noted) => !over.includes(noted));
    for (const noted of over) this.#judgeEvent(noted);
    for (const { name, account } of this.#watching)
      for (const episode of account.takeEpisodes(horizon)) for (const tally of this.#settings.tallies[name]) tally.episode(episode);
  }

  #judgeEvent({ event, causes, artefacts }: Noted): void {
    const cause = CAUSES.find((each) => causes.has(each)) ?? 'none';
    const [most] = [...artefacts].sort(([, a], [, b]) => b - a);
    const found = new Map<DetectorName, Found>(this.#watching.map(({ name, account }) => [name, account.take(event)]));
    const limits = found.get('raw_limits');
    const judged = {
      cause,
      rules: event.rules,
      artefact: most?.[0] ?? 'none',
      foundByLimits: limits?.after !== undefined || limits?.stood === true,
    };
    for (const [name, each] of found) for (const tally of this.#settings.tallies[name]) tally.event(judged, each);
  }
}
