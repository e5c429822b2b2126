/** Keeps account of the artefacts of one bracelet: how many readings each concerned, and which floors it crossed. */

import type { Vitals } from '../../contracts/reading.ts';
import { breaches } from '../../domain/floors.ts';
import type { FloorCode } from '../../domain/floors.ts';
import type { LinkArtefact, SignalArtefact } from './artefacts.ts';
import type { ArtefactKind } from './rates.ts';
import { iso } from './truth.ts';
import type { TruthListener } from './truth.ts';

export type Artefact = SignalArtefact | LinkArtefact;

interface Account {
  readonly artefact: Artefact;
  readonly start: number;
  readings: number;
  crossed: Partial<Record<FloorCode, number>> | undefined;
}

/** A reading as it is sent, if it is, and as it would be without artefacts. */
interface Noted {
  readonly at: number;
  readonly sent: Vitals | undefined;
  readonly clean: Vitals;
}

const NONE: readonly ArtefactKind[] = [];

export class ArtefactLog {
  readonly #patient: string;
  readonly #tell: TruthListener;
  #open: Account[] = [];
  #last = Number.NEGATIVE_INFINITY;

  constructor(patient: string, tell: TruthListener) {
    this.#patient = patient;
    this.#tell = tell;
  }

  /** A reading at `at` (ms), with the artefacts that concern it. Gives their kinds. */
  note(artefacts: readonly Artefact[], { at, sent, clean }: Noted): readonly ArtefactKind[] {
    const before = this.#last;
    this.#last = at;
    if (artefacts.length === 0 && this.#open.length === 0) return NONE;
    // One may hide another for a while, which is then told in two parts.
    this.#close((artefact) => !artefacts.includes(artefact), at);
    for (const artefact of artefacts) {
      let account = this.#open.find((one) => one.artefact === artefact);
      if (account === undefined) {
        account = { artefact, start: Math.max(artefact.start, before), readings: 0, crossed: undefined };
        this.#open.push(account);
      }
      account.readings += 1;
      if (sent !== undefined && sent !== clean && 'noticed' in artefact) addCrossed(account, sent, clean);
    }
    return artefacts.map(({ kind }) => kind);
  }

  /** The simulation is over at `until` (ms). */
  finish(until: number): void {
    this.#close(() => true, until);
  }

  #close(over: (artefact: Artefact) => boolean, until: number): void {
    const closed = this.#open.filter(({ artefact }) => over(artefact));
    if (closed.length === 0) return;
    this.#open = this.#open.filter((account) => !closed.includes(account));
    for (const { artefact, start, readings, crossed } of closed) {
      this.#tell({
        type: 'artefact',
        patient: this.#patient,
        kind: artefact.kind,
        start: iso(start),
        end: iso(Math.min(artefact.end, until)),
        readings,
        ...(crossed === undefined ? {} : { crossed }),
        ...('noticed' in artefact ? { noticed: artefact.noticed } : {}),
        ...('skew' in artefact && artefact.skew !== 0 ? { skew_s: artefact.skew / 1000 } : {}),
      });
    }
  }
}

function addCrossed(account: Account, sent: Vitals, clean: Vitals): void {
  const found = breaches(sent);
  if (found.length === 0) return;
  const own = breaches(clean);
  for (const code of found) {
    if (own.includes(code)) continue;
    account.crossed ??= {};
    account.crossed[code] = (account.crossed[code] ?? 0) + 1;
  }
}
