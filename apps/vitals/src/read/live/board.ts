/**
 * The state of the live board: at most so many patients, with newest reading, trail and open alerts. Pure: it is told what happened and
 * answers with what changed.
 */

import type { LiveAlert, LiveCounts, LivePatient, LiveReading, Snapshot, TrailPoint } from './model.ts';

/** A patient silent for this long, ms, with no open alert, makes room for one who sends. Our own choice. */
const IDLE_MS = 600_000;

/** What became of a reading. */
export type Outcome = 'newest' | 'older' | 'unknown';

/** The open alerts of a patient; null stands for those without a known patient. */
export interface AlertChange {
  readonly patient_id: string | null;
  readonly alerts: readonly LiveAlert[];
}

export interface BoardLimits {
  /** Most patients shown. */
  readonly size: number;
  /** Most points of a trail. */
  readonly trail: number;
}

const NOBODY: LiveCounts = { patients: 0, open_critical: 0, open_critical_history: 0 };

export class Board {
  readonly #limits: BoardLimits;
  readonly #cards = new Map<string, LivePatient>();
  #unassigned: readonly LiveAlert[] = [];
  #counts = NOBODY;

  constructor(limits: BoardLimits) {
    this.#limits = limits;
  }

  get ids(): readonly string[] {
    return [...this.#cards.keys()];
  }

  get size(): number {
    return this.#limits.size;
  }

  /** Replaces everything. `alerts` may name patients who are not among `cards`. */
  load(cards: readonly LivePatient[], alerts: readonly LiveAlert[], counts: LiveCounts): void {
    this.#cards.clear();
    for (const card of cards.slice(0, this.#limits.size)) this.#cards.set(card.patient_id, card);
    this.#unassigned = [];
    this.setAlerts(alerts);
    this.#counts = counts;
  }

  /** Takes a reading in. Only the newest by event time is kept; an older one changes nothing here. */
  apply(patientId: string, reading: LiveReading): Outcome {
    const card = this.#cards.get(patientId);
    if (card === undefined) return 'unknown';
    if (card.reading !== null && reading.recorded_at <= card.reading.recorded_at) return 'older';
    const point: TrailPoint = [reading.recorded_at, reading.spo2_percent, reading.heart_rate_bpm];
    this.#cards.set(patientId, { ...card, reading, trail: [...card.trail, point].slice(-this.#limits.trail) });
    return 'newest';
  }

  /** The newest reading of a patient on the board. */
  reading(patientId: string): LiveReading | undefined {
    return this.#cards.get(patientId)?.reading ?? undefined;
  }

  /** Replaces all open alerts. Tells whose changed, and who has open alerts without being on the board. */
  setAlerts(alerts: readonly LiveAlert[]): { readonly changed: readonly AlertChange[]; readonly missing: readonly string[] } {
    const byPatient = new Map<string | null, LiveAlert[]>();
    for (const alert of alerts) {
      const list = byPatient.get(alert.patient_id) ?? [];
      list.push(alert);
      byPatient.set(alert.patient_id, list);
    }
    const changed: AlertChange[] = [];
    const unassigned = byPatient.get(null) ?? [];
    if (differ(unassigned, this.#unassigned)) changed.push({ patient_id: null, alerts: unassigned });
    this.#unassigned = unassigned;
    for (const [id, card] of this.#cards) {
      const now = byPatient.get(id) ?? [];
      if (!differ(now, card.alerts)) continue;
      this.#cards.set(id, { ...card, alerts: now });
      changed.push({ patient_id: id, alerts: now });
    }
    const missing = [...byPatient.keys()].filter((id): id is string => id !== null && !this.#cards.has(id));
    return { changed, missing };
  }

  /** Replaces the figures; tells whether they changed. */
  setCounts(counts: LiveCounts): boolean {
    const changed = differ(counts, this.#counts);
    this.#counts = counts;
    return changed;
  }

  /** Whether a patient who only sends readings could come onto the board at `now`, ms. */
  hasRoom(now: number): boolean {
    return this.#cards.size < this.#limits.size || this.#victim((card) => idle(card, now)) !== undefined;
  }

  /**
   * Brings patients onto the board. When it is full, one with open alerts takes the place of the one longest silent who has none; one
   * without takes only that of an idle one. Tells who came and who had to leave.
   */
  admit(cards: readonly LivePatient[], now: number): { readonly patients: readonly LivePatient[]; readonly gone: readonly string[] } {
    const patients: LivePatient[] = [];
    const gone: string[] = [];
    for (const card of cards) {
      if (this.#cards.size >= this.#limits.size) {
        const victim = this.#victim((other) => (card.alerts.length > 0 ? other.alerts.length === 0 : idle(other, now)));
        if (victim === undefined) continue;
        this.#cards.delete(victim);
        gone.push(victim);
      }
      this.#cards.set(card.patient_id, card);
      patients.push(card);
    }
    return { patients, gone };
  }

  snapshot(now: number, fresh: boolean): Snapshot {
    return { now, fresh, counts: this.#counts, patients: [...this.#cards.values()], unassigned: this.#unassigned };
  }

  #victim(eligible: (card: LivePatient) => boolean): string | undefined {
    let found: LivePatient | undefined;
    for (const card of this.#cards.values()) {
      if (eligible(card) && (found === undefined || heard(card) < heard(found))) found = card;
    }
    return found?.patient_id;
  }
}

function heard(card: LivePatient): number {
  return card.reading?.received_at ?? 0;
}

function idle(card: LivePatient, now: number): boolean {
  return card.alerts.length === 0 && now - heard(card) >= IDLE_MS;
}

function differ(a: unknown, b: unknown): boolean {
  return JSON.stringify(a) !== JSON.stringify(b);
}
