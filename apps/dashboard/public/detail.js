// @ts-check
/** The panel with one patient's last readings and alerts, from the read API. */

import { bandName, nameOf, qualityName, severityChip, titleOf } from './card.js';
import { byId, element } from './dom.js';
import { formatCount, formatTime, formatVital, UNITS } from './format.js';
import { fill } from './i18n.js';

/** @typedef {import('./model.js').Patient} Patient */
/** @typedef {import('./card.js').Context} Context */
/** @typedef {keyof typeof UNITS} Vital */

const ROWS = 20;
/** Least time between two refreshes of an open panel, ms. */
const REFRESH_MS = 3000;

/** @type {readonly Vital[]} */
const COLUMNS = [
  'spo2_percent',
  'heart_rate_bpm',
  'temperature_celsius',
  'respiratory_rate_min',
  'pain_scale',
  'hydration_percent',
  'activity_level',
];

export class Detail {
  #dialog = /** @type {HTMLDialogElement} */ (byId('detail'));
  #context;
  /** @type {Patient | undefined} */
  #patient;
  /** Counts requests, so that a late answer never replaces a newer one. */
  #request = 0;
  #refreshedAt = 0;

  /** @param {() => Context} context */
  constructor(context) {
    this.#context = context;
    this.#dialog.addEventListener('close', () => {
      this.#patient = undefined;
    });
    // A click on the backdrop hits the dialog itself, one inside hits its content.
    this.#dialog.addEventListener('click', (event) => {
      if (event.target === this.#dialog) this.#dialog.close();
    });
  }

  /** @param {Patient} patient */
  open(patient) {
    this.#patient = patient;
    this.#draw([element('p', { class: 'aside', role: 'status' }, this.#context().t.loading)]);
    if (!this.#dialog.open) this.#dialog.showModal();
    void this.refresh();
  }

  /** Whether this patient's panel is open and due for a refresh. @param {string} id */
  wants(id) {
    return this.#patient?.patient_id === id && Date.now() - this.#refreshedAt > REFRESH_MS;
  }

  /** Reads and draws again, for instance in another language. */
  async refresh() {
    const patient = this.#patient;
    if (patient === undefined) return;
    const request = ++this.#request;
    this.#refreshedAt = Date.now();
    const base = `/api/v1/patients/${patient.patient_id}`;
    /** @type {Node[]} */
    let content;
    try {
      const [person, readings, alerts] = await Promise.all([
        get(base),
        get(`${base}/measurements?limit=${ROWS}`),
        get(`${base}/alerts?limit=${ROWS}`),
      ]);
      content = [this.#facts(person), ...this.#alerts(alerts.items), ...this.#readings(readings.items)];
    } catch {
      content = [element('p', { class: 'stale', role: 'alert' }, this.#context().t.loadFailed)];
    }
    if (request === this.#request && this.#patient === patient) this.#draw(content);
  }

  /** @param {Node[]} content */
  #draw(content) {
    const patient = this.#patient;
    if (patient === undefined) return;
    const context = this.#context();
    const focused = this.#dialog.contains(document.activeElement);
    const scroll = this.#dialog.querySelector('.drawer-body')?.scrollTop ?? 0;
    const close = element('button', { type: 'button', class: 'close' }, context.t.close);
    close.addEventListener('click', () => this.#dialog.close());
    const body = element('div', { class: 'drawer-body' }, ...content);
    this.#dialog.replaceChildren(
      element(
        'div',
        { class: 'drawer-head' },
        element(
          'div',
          {},
          element('h2', { id: 'detail-title' }, nameOf(patient, context)),
          element('p', { class: 'aside' }, patient.patient_id),
        ),
        close,
      ),
      body,
    );
    body.scrollTop = scroll;
    if (focused) close.focus({ preventScroll: true });
  }

  /** @param {{ external_id: string | null, birth_date: string | null, age_band: string | null, genotype: string | null }} person */
  #facts(person) {
    const context = this.#context();
    const { t, language } = context;
    const birth =
      person.birth_date === null
        ? t.unknown
        : new Intl.DateTimeFormat(language, { dateStyle: 'medium', timeZone: 'UTC' }).format(new Date(`${person.birth_date}T00:00:00Z`));
    const facts = [
      [t.identifier, person.external_id ?? t.unknown],
      [t.ageBand, bandName(person.age_band, context)],
      [t.birthDate, birth],
      [t.genotype, person.genotype ?? t.unknown],
    ];
    return element(
      'dl',
      { class: 'facts-list' },
      ...facts.map(([name, value]) => element('div', {}, element('dt', {}, name), element('dd', {}, value))),
    );
  }

  /** @param {any[]} alerts */
  #alerts(alerts) {
    const context = this.#context();
    const { t, language } = context;
    const heading = element('h3', {}, t.alertHistory);
    if (alerts.length === 0) return [heading, element('p', { class: 'aside' }, t.noAlerts)];
    const when = (/** @type {string} */ time) => formatTime(Date.parse(time), context.now(), language);
    const rows = alerts.map((alert) =>
      element(
        'tr',
        {},
        element('td', {}, severityChip(alert, context)),
        element('td', { class: 'text' }, titleOf(alert, context)),
        element('td', {}, when(alert.first_seen_at)),
        element('td', {}, when(alert.last_seen_at)),
        element('td', { class: 'number' }, formatCount(alert.breach_count, language)),
        element('td', {}, stateOf(alert, t, when)),
      ),
    );
    return [heading, table(t.alertHistory, [t.severity, t.alert, t.from, t.until, t.count, t.state], rows)];
  }

  /** @param {any[]} readings */
  #readings(readings) {
    const context = this.#context();
    const { t, language, rules } = context;
    const heading = element('h3', {}, t.readings);
    if (readings.length === 0) return [heading, element('p', { class: 'aside' }, t.noReadings)];
    const rows = readings.map((reading) => {
      const critical = new Set(reading.breaches.flatMap((/** @type {string} */ code) => rules.get(code)?.vitals ?? []));
      const cells = COLUMNS.map((vital) => {
        const breach = reading[vital] !== null && critical.has(vital);
        return element(
          'td',
          { class: breach ? 'number critical' : 'number' },
          breach && element('span', { class: 'glyph', role: 'img', 'aria-label': t.critical }, '▲'),
          formatVital(vital, reading[vital], language),
        );
      });
      const quality = [qualityName(reading.quality_flag, context), reading.low_confidence ? t.lowConfidence : ''].filter(
        (part) => part !== '',
      );
      return element(
        'tr',
        { 'data-low': reading.low_confidence },
        element('td', {}, formatTime(Date.parse(reading.recorded_at), context.now(), language)),
        ...cells,
        element('td', {}, quality.join(', ')),
      );
    });
    const heads = COLUMNS.map((vital) => `${t.short[vital]} ${UNITS[vital][0]}`);
    return [heading, table(t.readings, [t.time, ...heads, t.quality], rows)];
  }
}

/** A table that scrolls sideways where it does not fit, also by keyboard. @param {string} label @param {string[]} heads @param {Node[]} rows */
function table(label, heads, rows) {
  return element(
    'div',
    { class: 'scroll', role: 'region', tabindex: '0', 'aria-label': label },
    element(
      'table',
      {},
      element('thead', {}, element('tr', {}, ...heads.map((head) => element('th', { scope: 'col' }, head)))),
      element('tbody', {}, ...rows),
    ),
  );
}

/** @param {any} alert @param {import('./card.js').Context['t']} t @param {(time: string) => string} when */
function stateOf(alert, t, when) {
  if (alert.resolved_at !== null) return fill(t.stateClosed, { time: when(alert.resolved_at) });
  return alert.acknowledged_at === null ? t.stateOpen : fill(t.acknowledged, { time: when(alert.acknowledged_at) });
}

/** @param {string} url @returns {Promise<any>} */
async function get(url) {
  const answer = await fetch(url, { headers: { accept: 'application/json' } });
  if (!answer.ok) throw new TypeError(`the server answered ${answer.status}`);
  return answer.json();
}
