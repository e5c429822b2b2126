// @ts-check
/** A patient on the board. The element stays the same while its content changes, so that focus stays where it is. */

import { element, setText } from './dom.js';
import { formatAge, formatCount, formatDuration, formatTime, formatVital, UNITS } from './format.js';
import { fill } from './i18n.js';
import { orderedAlerts, UNASSIGNED } from './model.js';
import { sparkline } from './sparkline.js';

/** @typedef {import('./model.js').Patient} Patient */
/** @typedef {import('./model.js').Alert} Alert */
/** @typedef {keyof typeof UNITS} Vital */
/** @typedef {{ language: import('./i18n.js').Language, t: (typeof import('./i18n.js').TEXTS)['fr'], rules: Map<string, import('./model.js').Rule>, now: () => number }} Context */

/** @type {readonly Vital[]} */
const MAIN = ['spo2_percent', 'heart_rate_bpm', 'temperature_celsius', 'respiratory_rate_min'];
/** @type {readonly Vital[]} */
const OTHERS = ['pain_scale', 'hydration_percent', 'activity_level', 'heat_index_celsius', 'ambient_temp_celsius', 'battery_percent'];

/** Where a point of the trail holds a vital sign. */
const TRAIL_INDEX = /** @type {const} */ ({ spo2_percent: 1, heart_rate_bpm: 2 });

/** A reading older than this is marked old, ms: from here on a silent device is a warning (clinical reference, section 2). */
const OLD_MS = 300_000;
/** Alerts written out on a card; the others are counted. */
const ALERTS_SHOWN = 4;
/** From here on a time is told by its date, ms. */
const DAY_MS = 86_400_000;
/** How long a new alert stays marked, ms. */
const NEW_MS = 20_000;

export const GLYPHS = { critical: '▲', alert: '◆', warn: '●', info: 'ℹ' };

/**
 * What to call a patient: the external id, else the beginning of the UUID. There are no names yet.
 * @param {Patient} patient @param {Context} context
 */
export function nameOf(patient, { t }) {
  if (patient.patient_id === UNASSIGNED) return t.unassigned;
  return patient.external_id ?? fill(t.patient, { id: patient.patient_id.slice(0, 8) });
}

/** @param {Alert} alert @param {Context} context */
export function titleOf(alert, { rules, language }) {
  return rules.get(alert.alert_type)?.title[language] ?? alert.title;
}

export class Card {
  /** @type {Patient} */
  #patient;
  #name = element('button', { type: 'button', class: 'name' });
  #plainName = element('span', { class: 'name' });
  #who = element('span', { class: 'who' });
  #age = element('span', { class: 'age' });
  #alerts = element('ul', { class: 'alerts' });
  #body = element('div', { class: 'body' });
  /** Texts that change with time alone. @type {(() => void)[]} */
  #ticking = [];
  element = element('li', { class: 'card' });

  /** @param {Patient} patient @param {Context} context @param {(patient: Patient) => void} open */
  constructor(patient, context, open) {
    this.#patient = patient;
    this.element.dataset['patient'] = patient.patient_id;
    this.#name.addEventListener('click', () => open(this.#patient));
    // Nobody's record can be opened for alerts without a patient.
    const title = patient.patient_id === UNASSIGNED ? this.#plainName : this.#name;
    const head = element('div', { class: 'head' }, element('h3', {}, title), this.#age, this.#who);
    this.element.append(head, this.#alerts, this.#body);
    this.update(patient, context);
  }

  /** @param {Patient} patient @param {Context} context */
  update(patient, context) {
    const { t, language } = context;
    this.#patient = patient;
    this.#ticking = [];
    const name = nameOf(patient, context);
    setText(this.#name, name);
    setText(this.#plainName, name);
    this.#name.setAttribute('aria-label', fill(t.open, { name }));
    setText(this.#who, describe(patient, context));
    const live = orderedAlerts(patient.alerts);
    const worst = live.find((alert) => !alert.history);
    this.element.dataset['severity'] = worst?.severity ?? 'none';
    this.element.toggleAttribute(
      'data-new',
      live.some((alert) => !alert.history && context.now() - alert.created_at < NEW_MS),
    );
    this.#alerts.replaceChildren(...this.#alertLines(live, context));
    this.#alerts.hidden = live.length === 0;
    this.#body.replaceChildren(...(patient.reading === null ? [] : this.#vitals(patient.reading, patient, context)));
    if (patient.reading === null && patient.patient_id !== UNASSIGNED) this.#body.append(element('p', { class: 'aside' }, t.noReading));
    const recorded = patient.reading?.recorded_at;
    const imported = patient.reading?.imported === true;
    if (recorded === undefined) setText(this.#age, '');
    else {
      this.#ticking.push(() => {
        const age = context.now() - recorded;
        const old = age > OLD_MS;
        this.element.toggleAttribute('data-old', old);
        const when = age < DAY_MS ? formatAge(age, language, t.now) : formatTime(recorded, context.now(), language);
        setText(this.#age, imported ? `${t.imported}, ${when}` : old ? `${when}, ${t.stale}` : when);
      });
    }
    this.tick();
  }

  /** Brings ages up to date. */
  tick() {
    for (const update of this.#ticking) update();
  }

  /** @param {Alert[]} alerts @param {Context} context */
  #alertLines(alerts, context) {
    const { t, language } = context;
    const lines = alerts.slice(0, ALERTS_SHOWN).map((alert) => {
      const since = element('span', {});
      this.#ticking.push(() => {
        const now = context.now();
        const age = now - alert.first_seen_at;
        const time = formatTime(alert.first_seen_at, now, language, 'minutes');
        setText(since, age < DAY_MS ? fill(t.since, { time, age: formatDuration(age, language) }) : fill(t.sinceDate, { time }));
      });
      const count = t.breaches[new Intl.PluralRules(language).select(alert.breach_count) === 'one' ? 'one' : 'other'];
      const facts = [
        // Alerts that a person raised count nothing.
        context.rules.has(alert.alert_type) ? fill(count, { count: formatCount(alert.breach_count, language) }) : '',
        alert.acknowledged_at === null
          ? ''
          : fill(t.acknowledged, { time: formatTime(alert.acknowledged_at, context.now(), language, 'minutes') }),
        alert.uncertain ? t.uncertain : '',
        alert.history ? t.historic : '',
      ].filter((fact) => fact !== '');
      return element(
        'li',
        { class: `alert-line ${alert.history ? 'history' : alert.severity}`, 'data-alert': alert.alert_id },
        severityChip(alert, context),
        element('strong', {}, titleOf(alert, context)),
        element('span', { class: 'facts' }, since, ...facts.map((fact) => ` · ${fact}`)),
      );
    });
    const rest = alerts.length - lines.length;
    if (rest > 0) lines.push(element('li', { class: 'aside' }, fill(t.more, { count: rest })));
    return lines;
  }

  /** @param {import('./model.js').Reading} reading @param {Patient} patient @param {Context} context */
  #vitals(reading, patient, context) {
    const { t, language, rules } = context;
    const critical = new Set(reading.breaches.flatMap((code) => rules.get(code)?.vitals ?? []));
    const tiles = MAIN.map((vital) => {
      const value = reading[vital];
      const state = value === null ? 'missing' : critical.has(vital) ? 'critical' : 'normal';
      const low = value !== null && reading.low_confidence;
      const notes = [state === 'critical' && t.critical, state === 'missing' && t.missing, low && t.lowConfidence].filter(
        (note) => note !== false,
      );
      return element(
        'div',
        { class: `vital ${state}`, 'data-vital': vital, 'data-low': low },
        element('dt', {}, t.vital[vital]),
        element(
          'dd',
          {},
          element(
            'span',
            { class: 'figure' },
            state === 'critical' && element('span', { class: 'glyph', 'aria-hidden': 'true' }, GLYPHS.critical),
            element('span', { class: 'value' }, formatVital(vital, value, language)),
            value !== null && element('span', { class: 'unit' }, ` ${UNITS[vital][0]}`),
          ),
          vital in TRAIL_INDEX && this.#curve(patient, /** @type {keyof typeof TRAIL_INDEX} */ (vital), context),
          element('span', { class: 'note' }, notes.join(', ')),
        ),
      );
    });
    const others = OTHERS.flatMap((vital) => {
      const value = reading[vital];
      const text = formatVital(vital, value, language);
      return element(
        'div',
        {},
        element('dt', {}, t.vital[vital]),
        ' ',
        element('dd', {}, value === null ? text : `${text}${UNITS[vital][0].startsWith('/') ? '' : '\u00a0'}${UNITS[vital][0]}`),
      );
    });
    const quality =
      reading.quality_flag !== 'ok' &&
      element('p', { class: 'quality' }, fill(t.qualityIs, { quality: qualityName(reading.quality_flag, context) }));
    return [
      element('dl', { class: 'vitals' }, ...tiles),
      element('dl', { class: 'others' }, ...others),
      ...(quality === false ? [] : [quality]),
    ];
  }

  /** @param {Patient} patient @param {keyof typeof TRAIL_INDEX} vital @param {Context} context */
  #curve(patient, vital, context) {
    const { t, language } = context;
    /** @type {[number, number | null][]} */
    const points = patient.trail.map((point) => [point[0], point[TRAIL_INDEX[vital]]]);
    const values = points.flatMap(([, value]) => (value === null ? [] : [value]));
    const show = (/** @type {number} */ value) => formatVital(vital, value, language);
    const last = values.at(-1);
    const label =
      last === undefined
        ? fill(t.trendNone, { vital: t.vital[vital] })
        : fill(t.trend, {
            vital: t.vital[vital],
            min: show(Math.min(...values)),
            max: show(Math.max(...values)),
            unit: UNITS[vital][0],
            last: show(last),
          });
    return sparkline(points, { label, span: vital === 'spo2_percent' ? 8 : 30 });
  }
}

/** @param {Alert} alert @param {Context} context */
export function severityChip(alert, { t }) {
  return element(
    'span',
    { class: `chip ${alert.severity}` },
    element('span', { 'aria-hidden': 'true' }, GLYPHS[alert.severity]),
    ` ${t.severities[alert.severity]}`,
  );
}

/** @param {string} flag @param {Context} context */
export function qualityName(flag, { t }) {
  return flag in t.qualities ? t.qualities[/** @type {keyof typeof t.qualities} */ (flag)] : flag;
}

/** @param {string | null} band @param {Context} context */
export function bandName(band, { t }) {
  return band !== null && band in t.bands ? t.bands[/** @type {keyof typeof t.bands} */ (band)] : t.ageUnknown;
}

/** @param {Patient} patient @param {Context} context */
function describe(patient, context) {
  if (patient.patient_id === UNASSIGNED) return context.t.unassignedDetail;
  return [bandName(patient.age_band, context), patient.genotype].filter((part) => part !== null).join(' · ');
}
