/** The bracelet of one patient: what it makes of the body's vital signs, what it sends of that, and when that arrives. */

import type { Vitals } from '../../contracts/reading.ts';
import type { Draft } from '../../gateway/draft.ts';
import type { Random } from '../random.ts';
import type { Artefact } from './artefact-log.ts';
import { ArtefactLog } from './artefact-log.ts';
import type { ArtefactWalk, SignalArtefact } from './artefacts.ts';
import { SENSED } from './artefacts.ts';
import { HOUR, localHour } from './behaviour.ts';
import { clamp, normal } from './draws.ts';
import { distort, undisturbed } from './distortion.ts';
import type { Measured } from './distortion.ts';
import type { MedicalPatient } from './patient.ts';
import type { ArtefactKind } from './rates.ts';
import type { TruthListener } from './truth.ts';

/** %/min. */
const CHARGING = 1.7;
/** The battery is charged in the evening when it would not last to the next with this much, %*. */
const RESERVE = 14;
/** How much faster it empties before it dies, %/h*. */
const DYING = 8;
/** Below it the bracelet says so, % (clinical reference, section 2, technical). */
const LOW_BATTERY = 15;
/** ms from the measurement to the gateway, least and usual spread*. */
const LATENCY = [150, 1500] as const;
/** What was stored is sent one after the other, ms apart, after a moment of connecting*. */
const UPLOAD = { connecting: 400, each: 20 } as const;

/** What a bracelet does with one instant. */
export interface Taken {
  /** The reading as it is sent, in the canonical form; left out where none is taken. */
  readonly sent?: Draft;
  /** When the gateway receives it, ms since the epoch. */
  readonly received?: number;
  readonly artefacts: readonly ArtefactKind[];
}

/** What comes to the bracelet of one instant. */
export interface Instant {
  /** ms since the epoch. */
  readonly at: number;
  readonly clean: Vitals;
  /** The pain that the patient reports just now, 0-10. */
  readonly pain: number | undefined;
  /** %. */
  readonly humidity: number;
}

/** What it belongs to. */
export interface BraceletParts {
  readonly patient: MedicalPatient;
  readonly artefacts: ArtefactWalk;
  readonly random: Random;
  /** Between readings, ms. */
  readonly interval: number;
  /** Local time, ms ahead of UTC. */
  readonly ahead: number;
  readonly tell: TruthListener;
}

export class BraceletWalk {
  readonly #parts: BraceletParts;
  readonly #log: ArtefactLog;
  #battery: number;
  #charging: SignalArtefact | undefined;
  /** The artefact of the last reading, with how many it has had and the vital signs of the first. */
  #run: { readonly artefact: SignalArtefact; before: number; readonly first: Vitals } | undefined;
  /** By its own clock, ms. */
  #lastSync: number | undefined;
  #stored = 0;

  constructor(parts: BraceletParts) {
    this.#parts = parts;
    this.#log = new ArtefactLog(parts.patient.patient, parts.tell);
    this.#battery = 45 + 55 * parts.random.next();
  }

  /** The simulation is over at `until` (ms). */
  finish(until: number): void {
    this.#log.finish(until);
  }

  step(instant: Instant): Taken {
    const { at, clean } = instant;
    const { artefacts, random } = this.#parts;
    const planned = artefacts.signalAt(at);
    const dead = artefacts.linkAt('dead_battery', at);
    if (dead !== undefined) {
      this.#battery = 90;
      this.#charging = undefined;
      return { artefacts: this.#log.note([dead], { at, sent: undefined, clean }) };
    }
    this.#useBattery(at, planned !== undefined);
    const signal = this.#charging ?? planned;
    const skewed = artefacts.linkAt('clock_skew', at);
    const offline = artefacts.linkAt('offline', at);
    const measured = signal === undefined ? undisturbed(clean, random) : this.#disturbed(signal, instant);
    const sent = this.#draft(instant, measured, {
      clock: at + (skewed?.skew ?? 0),
      disturbed: signal !== undefined,
      offline: offline !== undefined,
    });
    const found = [signal, skewed, offline].filter((one): one is Artefact => one !== undefined);
    return { sent, received: this.#arrival(at), artefacts: this.#log.note(found, { at, sent: sent.content.vitals, clean }) };
  }

  #disturbed(artefact: SignalArtefact, { at, clean }: Instant): Measured {
    const run = this.#run?.artefact === artefact ? this.#run : { artefact, before: 0, first: clean };
    const measured = distort(artefact, { clean, since: at - artefact.start, before: run.before, first: run.first }, this.#parts.random);
    run.before += 1;
    this.#run = run;
    return measured;
  }

  #draft(
    { pain, humidity }: Instant,
    measured: Measured,
    { clock, disturbed, offline }: { readonly clock: number; readonly disturbed: boolean; readonly offline: boolean },
  ): Draft {
    const { patient, random } = this.#parts;
    const battery = Math.round(this.#battery);
    const signal = Math.round(clamp((offline ? 62 : 86) + 6 * normal(random), 52, 100));
    const confirmed = offline ? (this.#lastSync ?? clock) : clock;
    this.#lastSync = confirmed;
    const common = { battery, signal, firmware: patient.firmware, extra: { humidity } };
    const ids = { patient: patient.patient, device: patient.device, at: clock };
    // Only the cloud format has a place for pain, and it has none for what the bracelet thinks of the measurement.
    if (pain !== undefined && !disturbed) {
      const { heat_index: _, ...vitals } = measured.vitals;
      return { ...ids, content: { vitals: { ...vitals, pain }, ...common } };
    }
    const { vitals, flag, confidence, completeness, contact, state } = measured;
    const told = flag === 'ok' && battery < LOW_BATTERY ? 'battery_low' : flag;
    const content = { vitals, quality_flag: told, confidence, completeness, contact, ...common, device_state: state, last_sync: confirmed };
    return { ...ids, content };
  }

  /** When the gateway gets the reading taken at `at`. */
  #arrival(at: number): number {
    const { artefacts, random } = this.#parts;
    const back = artefacts.backAt(at);
    const [least, spread] = LATENCY;
    const delay = least + Math.round(spread * random.next() ** 3);
    if (back === at) {
      this.#stored = 0;
      return at + delay;
    }
    this.#stored += 1;
    return back + UPLOAD.connecting + UPLOAD.each * this.#stored;
  }

  #useBattery(at: number, busy: boolean): void {
    const { patient, interval, artefacts, ahead } = this.#parts;
    const charging = this.#charging;
    if (charging !== undefined) {
      this.#battery = Math.min(100, this.#battery + (CHARGING * interval) / 60_000);
      if (at >= charging.end) this.#charging = undefined;
      return;
    }
    this.#battery = Math.max(1, this.#battery - (patient.batteryDrain * interval) / HOUR);
    const death = artefacts.nextDeath(at);
    if (death !== undefined) this.#battery = Math.min(this.#battery, 1 + (DYING * (death - at)) / HOUR);
    const hour = localHour(at, ahead);
    if (busy || death !== undefined || hour < 18.5 || hour > 22 || this.#battery - 24 * patient.batteryDrain > RESERVE) return;
    const lasts = Math.round(((100 - this.#battery) / CHARGING) * 60_000);
    this.#charging = { kind: 'charging', start: at, end: at + lasts, noticed: true, strength: 0, sensed: SENSED, crossings: 0 };
  }
}
