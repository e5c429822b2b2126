// @ts-check
/** What the page knows, as the server's events tell it. No drawing here. */

/**
 * @typedef {{ alert_id: string, patient_id: string | null, alert_type: string, severity: 'info' | 'warn' | 'alert' | 'critical', title: string,
 *   status: string, uncertain: boolean, history: boolean, first_seen_at: number, last_seen_at: number, created_at: number,
 *   acknowledged_at: number | null, breach_count: number }} Alert
 * @typedef {Record<'heart_rate_bpm' | 'respiratory_rate_min' | 'spo2_percent' | 'temperature_celsius' | 'ambient_temp_celsius' |
 *   'hydration_percent' | 'activity_level' | 'heat_index_celsius' | 'pain_scale' | 'battery_percent', number | null>} Vitals
 * @typedef {Vitals & { recorded_at: number, received_at: number, quality_flag: string, low_confidence: boolean, imported: boolean,
 *   breaches: string[] }} Reading
 * @typedef {[at: number, spo2: number | null, heartRate: number | null]} TrailPoint
 * @typedef {{ patient_id: string, external_id: string | null, genotype: string | null, age_band: string | null, reading: Reading | null,
 *   trail: TrailPoint[], alerts: Alert[] }} Patient
 * @typedef {{ patients: number, open_critical: number, open_critical_history: number }} Counts
 * @typedef {{ code: string, vitals: string[], title: { fr: string, en: string }, message: { fr: string, en: string } }} Rule
 */

/** Points kept for the small curves; the server sends as many. */
const TRAIL_LENGTH = 24;

/** Lowest first. */
const SEVERITIES = ['info', 'warn', 'alert', 'critical'];

/** The id under which alerts without a known patient are shown. */
export const UNASSIGNED = 'unassigned';

export class Model {
  /** @type {Map<string, Patient>} */
  patients = new Map();
  /** @type {Counts} */
  counts = { patients: 0, open_critical: 0, open_critical_history: 0 };
  /** False while the server cannot read its database. */
  fresh = true;
  /** Server time minus this machine's, ms: a wrong clock here must not change ages. */
  skew = 0;
  /** When the newest reading was received, ms. @type {number | undefined} */
  lastReceived;
  /** Ids of alerts that this page has seen. @type {Set<string>} */
  #seen = new Set();

  /** The server's time, ms. */
  now() {
    return Date.now() + this.skew;
  }

  /**
   * @param {{ now: number, fresh: boolean, counts: Counts, patients: Patient[], unassigned: Alert[] }} snapshot
   * @param {boolean} first whether it is the first one: its alerts are not news
   * @returns {Alert[]} alerts not seen before
   */
  load(snapshot, first) {
    this.beat(snapshot);
    this.counts = snapshot.counts;
    this.patients = new Map(snapshot.patients.map((patient) => [patient.patient_id, patient]));
    for (const patient of snapshot.patients) this.#received(patient.reading);
    this.#setUnassigned(snapshot.unassigned);
    const news = this.#news([...snapshot.patients.flatMap((patient) => patient.alerts), ...snapshot.unassigned]);
    return first ? [] : news;
  }

  /** @param {{ now: number, fresh: boolean }} beat */
  beat(beat) {
    this.skew = beat.now - Date.now();
    this.fresh = beat.fresh;
  }

  /**
   * @param {{ readings: { patient_id: string, reading: Reading }[] }} event
   * @returns {string[]} whose card changed
   */
  takeReadings(event) {
    return event.readings.flatMap(({ patient_id: id, reading }) => {
      const patient = this.patients.get(id);
      if (patient === undefined) return [];
      patient.reading = reading;
      /** @type {TrailPoint} */
      const point = [reading.recorded_at, reading.spo2_percent, reading.heart_rate_bpm];
      if ((patient.trail.at(-1)?.[0] ?? -Infinity) < point[0]) patient.trail = [...patient.trail, point].slice(-TRAIL_LENGTH);
      this.#received(reading);
      return [id];
    });
  }

  /**
   * @param {{ changed: { patient_id: string | null, alerts: Alert[] }[] }} event
   * @returns {{ changed: string[], news: Alert[] }}
   */
  takeAlerts(event) {
    const changed = event.changed.flatMap(({ patient_id: id, alerts }) => {
      if (id === null) {
        this.#setUnassigned(alerts);
        return [UNASSIGNED];
      }
      const patient = this.patients.get(id);
      if (patient === undefined) return [];
      patient.alerts = alerts;
      return [id];
    });
    return { changed, news: this.#news(event.changed.flatMap((change) => change.alerts)) };
  }

  /**
   * @param {{ patients: Patient[], gone: string[] }} event
   * @returns {Alert[]} alerts not seen before
   */
  takePatients(event) {
    for (const id of event.gone) this.patients.delete(id);
    for (const patient of event.patients) {
      this.patients.set(patient.patient_id, patient);
      this.#received(patient.reading);
    }
    return this.#news(event.patients.flatMap((patient) => patient.alerts));
  }

  /**
   * Who needs me now: by the gravest live alert, newest first; then those with history only; then everybody else by name, so that the
   * rest of the board stands still while readings come in.
   * @param {(patient: Patient) => string} nameOf
   */
  ordered(nameOf) {
    const ranked = [...this.patients.values()].map((patient) => ({ patient, urgency: urgency(patient), name: nameOf(patient) }));
    ranked.sort(
      (a, b) =>
        b.urgency.severity - a.urgency.severity ||
        b.urgency.since - a.urgency.since ||
        a.name.localeCompare(b.name, undefined, { numeric: true }) ||
        (a.patient.patient_id < b.patient.patient_id ? -1 : 1),
    );
    return ranked.map(({ patient }) => patient);
  }

  /** @param {Alert[]} alerts */
  #setUnassigned(alerts) {
    if (alerts.length === 0) {
      this.patients.delete(UNASSIGNED);
    } else {
      this.patients.set(UNASSIGNED, {
        patient_id: UNASSIGNED,
        external_id: null,
        genotype: null,
        age_band: null,
        reading: null,
        trail: [],
        alerts,
      });
    }
  }

  /** @param {Alert[]} alerts */
  #news(alerts) {
    const news = alerts.filter((alert) => !this.#seen.has(alert.alert_id));
    for (const alert of news) this.#seen.add(alert.alert_id);
    return news.filter((alert) => !alert.history);
  }

  /** @param {Reading | null} reading */
  #received(reading) {
    if (reading !== null) this.lastReceived = Math.max(this.lastReceived ?? 0, reading.received_at);
  }
}

/** @param {Patient} patient */
function urgency(patient) {
  let severity = -1;
  let since = 0;
  for (const alert of patient.alerts) {
    // History ranks below every live alert, and above none at all.
    const rank = alert.history ? 0 : 1 + SEVERITIES.indexOf(alert.severity);
    if (rank > severity) {
      severity = rank;
      since = alert.created_at;
    } else if (rank === severity) {
      since = Math.max(since, alert.created_at);
    }
  }
  return { severity, since };
}

/**
 * Alerts in the order in which a card shows them: live before history, gravest first, newest first.
 * @param {Alert[]} alerts
 */
export function orderedAlerts(alerts) {
  return [...alerts].sort(
    (a, b) =>
      Number(a.history) - Number(b.history) ||
      SEVERITIES.indexOf(b.severity) - SEVERITIES.indexOf(a.severity) ||
      b.created_at - a.created_at,
  );
}
