/**
 * One run of the live board, for as long as anybody looks. States: loading -> following -> (fault or too far behind) -> loading ...
 * In `loading` the board is read from the store; in `following` the output logs tell what changed. Alerts are always read from the
 * store, which knows their counts and endings: their log only says when to look, and it is looked at every two seconds anyway.
 */

import { backoffDelay } from '@kidjamo/stream';
import type { Clock, Log, LogRecord } from '@kidjamo/stream';

import type { ReadingOut } from '../../contracts/outputs.ts';
import { VITALS } from '../../contracts/reading.ts';
import type { Actor } from '../actor.ts';
import type { Repository } from '../repository.ts';
import { TRAIL_LENGTH } from '../repository/board.ts';
import { Board } from './board.ts';
import { Latch } from './latch.ts';
import { COLUMN_OF } from './model.ts';
import type { LiveEvents, LiveReading, LiveVitals, Snapshot } from './model.ts';
import { tail } from './tail.ts';

/** Most patients on the board. */
const BOARD_SIZE = 200;
/** Readings of a patient within this time are shown as one, ms. */
const COALESCE_MS = 250;
/** How often alerts are read when none is announced, ms: shows counts and endings. */
const REFRESH_MS = 2000;
/** Least time between two readings of the alerts, ms. */
const REFRESH_GAP_MS = 100;
/** Proves to the page that the connection lives, ms. */
const BEAT_MS = 15_000;
/** Wait before the board is read anew when records come faster than they can be followed, ms. */
const BEHIND_MS = 500;
/** Pauses between attempts while the database is away, ms. */
const FAULT_PAUSE = { initial: 200, max: 5000 };
/** Records at the end of each partition that tell who was heard of lately. */
const RECENT_RECORDS = 200;

export interface SessionOptions {
  readonly repository: Repository;
  readonly actor: Actor;
  readonly readings: Log;
  readonly alerts: Log;
  readonly clock: Clock;
  /** Sends an event to every page. */
  readonly publish: <Name extends keyof LiveEvents>(name: Name, data: LiveEvents[Name]) => void;
  /** Hears of faults that the session gets over by itself. */
  readonly onFault: (error: unknown) => void;
}

export class LiveSession {
  readonly #options: SessionOptions;
  readonly #stop = new AbortController();
  readonly #board = new Board({ size: BOARD_SIZE, trail: TRAIL_LENGTH });
  readonly #dirty = new Set<string>();
  readonly #strangers = new Set<string>();
  readonly #readingsCame = new Latch();
  readonly #alertsCame = new Latch();
  #loaded = false;
  #fresh = false;

  constructor(options: SessionOptions) {
    this.#options = options;
  }

  /** Everything as known now, or undefined before the first load. */
  snapshot(): Snapshot | undefined {
    return this.#loaded ? this.#board.snapshot(this.#options.clock.now(), this.#fresh) : undefined;
  }

  stop(): void {
    this.#stop.abort();
  }

  /** Works until {@link stop}. It never rejects: faults are told, and tried again with growing pauses. */
  async run(): Promise<void> {
    const { clock, onFault } = this.#options;
    const signal = this.#stop.signal;
    const beats = this.#beats(signal);
    for (let failures = 0; !signal.aborted;) {
      let pause = BEHIND_MS;
      try {
        const from = await this.#load();
        if (signal.aborted) break;
        failures = 0;
        await this.#follow(from, signal);
      } catch (error) {
        onFault(error);
        failures += 1;
        pause = backoffDelay(FAULT_PAUSE, failures, Math.random);
        this.#fresh = false;
        this.#beat();
      }
      await clock.sleep(pause, signal);
    }
    await beats;
  }

  async #load(): Promise<{ readings: readonly number[]; alerts: readonly number[] }> {
    const { repository, actor, readings, alerts } = this.#options;
    // The ends are taken first: what comes while the store is read is then followed, and applying it twice changes nothing.
    const from = { readings: await readings.ends(), alerts: await alerts.ends() };
    const ids = await repository.rank(actor, { size: BOARD_SIZE, recent: await recentPatients(readings, from.readings) });
    const cards = await repository.cards(actor, ids);
    const open = await repository.openAlerts(actor, { patients: ids, others: BOARD_SIZE });
    this.#board.load(cards, open, await repository.counts(actor));
    this.#dirty.clear();
    this.#strangers.clear();
    this.#loaded = true;
    this.#fresh = true;
    this.#publishSnapshot();
    return from;
  }

  /** Ends on abort, when it is too far behind, or with the first fault of any of its loops; none of them outlives it. */
  async #follow(from: { readings: readonly number[]; alerts: readonly number[] }, outer: AbortSignal): Promise<void> {
    const { readings, alerts } = this.#options;
    const attempt = new AbortController();
    const signal = AbortSignal.any([outer, attempt.signal]);
    const loops = [
      tail({ log: readings, from: from.readings, signal, deliver: (records) => this.#takeReadings(records) }),
      tail({ log: alerts, from: from.alerts, signal, deliver: () => this.#alertsCame.set() }),
      this.#flushReadings(signal),
      this.#refreshAlerts(signal),
    ];
    try {
      await Promise.race(loops);
    } finally {
      attempt.abort();
      await Promise.allSettled(loops);
    }
  }

  #takeReadings(records: readonly LogRecord[]): void {
    for (const record of records) {
      const out = JSON.parse(record.value) as ReadingOut;
      const outcome = this.#board.apply(out.patient_id, toLiveReading(out));
      if (outcome === 'newest') this.#dirty.add(out.patient_id);
      else if (outcome === 'unknown' && this.#strangers.size < BOARD_SIZE) this.#strangers.add(out.patient_id);
    }
    this.#readingsCame.set();
  }

  async #flushReadings(signal: AbortSignal): Promise<void> {
    const { clock, publish } = this.#options;
    while (!signal.aborted) {
      await this.#readingsCame.taken(signal);
      const readings = [...this.#dirty].flatMap((patient_id) => {
        const reading = this.#board.reading(patient_id);
        return reading === undefined ? [] : [{ patient_id, reading }];
      });
      this.#dirty.clear();
      if (readings.length > 0) publish('reading', { readings });
      const strangers = [...this.#strangers];
      this.#strangers.clear();
      if (strangers.length > 0 && this.#board.hasRoom(clock.now())) {
        await this.#admit(strangers);
        this.#alertsCame.set();
      }
      await clock.sleep(COALESCE_MS, signal);
    }
  }

  async #refreshAlerts(signal: AbortSignal): Promise<void> {
    const { repository, actor, clock, publish } = this.#options;
    while (!signal.aborted) {
      const round = new AbortController();
      const either = AbortSignal.any([signal, round.signal]);
      await Promise.race([this.#alertsCame.taken(either), clock.sleep(REFRESH_MS, either)]);
      round.abort();
      if (signal.aborted) return;
      const started = clock.now();
      const open = await repository.openAlerts(actor, { patients: this.#board.ids, others: BOARD_SIZE });
      const { changed, missing } = this.#board.setAlerts(open);
      if (changed.length > 0) publish('alert', { changed });
      if (missing.length > 0) {
        await this.#admit(missing, (id) => open.filter((alert) => alert.patient_id === id));
      }
      const counts = await repository.counts(actor);
      if (this.#board.setCounts(counts)) publish('counts', counts);
      // Where there is so much that reading takes long, most of the time is left to others.
      await clock.sleep(Math.max(REFRESH_GAP_MS, 3 * (clock.now() - started)), signal);
    }
  }

  async #admit(ids: readonly string[], alertsOf: (id: string) => Snapshot['unassigned'] = () => []): Promise<void> {
    const { repository, actor, clock, publish } = this.#options;
    const cards = await repository.cards(actor, ids);
    const known = new Set(this.#board.ids);
    const news = cards.filter((card) => !known.has(card.patient_id)).map((card) => ({ ...card, alerts: alertsOf(card.patient_id) }));
    const change = this.#board.admit(news, clock.now());
    if (change.patients.length > 0) publish('patient', change);
  }

  async #beats(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await this.#options.clock.sleep(BEAT_MS, signal);
      this.#beat();
    }
  }

  #beat(): void {
    this.#options.publish('beat', { now: this.#options.clock.now(), fresh: this.#fresh });
  }

  #publishSnapshot(): void {
    this.#options.publish('snapshot', this.#board.snapshot(this.#options.clock.now(), this.#fresh));
  }
}

async function recentPatients(log: Log, ends: readonly number[]): Promise<string[]> {
  const ids = new Set<string>();
  for (const [partition, end] of ends.entries()) {
    if (end === 0) continue;
    const records = await log.read(partition, Math.max(0, end - RECENT_RECORDS), RECENT_RECORDS);
    for (const record of records) ids.add((JSON.parse(record.value) as ReadingOut).patient_id);
  }
  return [...ids];
}

function toLiveReading(out: ReadingOut): LiveReading {
  const vitals: Partial<Record<keyof LiveVitals, number | null>> = { battery_percent: out.battery ?? null };
  for (const vital of VITALS) vitals[COLUMN_OF[vital]] = out[vital] ?? null;
  return {
    ...(vitals as LiveVitals),
    recorded_at: out.recorded_at,
    received_at: out.received_at,
    quality_flag: out.quality_flag,
    low_confidence: out.low_confidence,
    imported: out.imported,
    breaches: out.breaches,
  };
}
