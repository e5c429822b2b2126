// @ts-check
/** The live page: connects the server's events, the model and the cards. */

import { Card, GLYPHS, nameOf, titleOf } from './card.js';
import { Detail } from './detail.js';
import { byId, element, setText } from './dom.js';
import { formatAge, formatCount, formatTime } from './format.js';
import { fill, rememberedLanguage, rememberLanguage, TEXTS } from './i18n.js';
import { Model } from './model.js';
import { connect } from './stream.js';

/** @typedef {import('./model.js').Alert} Alert */

const model = new Model();
/** @type {Map<string, Card>} */
const cards = new Map();
/** @type {Map<string, import('./model.js').Rule>} */
const rules = new Map();
let language = rememberedLanguage();
/** @type {'connecting' | 'live' | 'lost'} */
let connection = 'connecting';
/** Whether a first snapshot has come. */
let loaded = false;
/** When the page last knew the truth, ms. */
let trueAt = Date.now();

const context = () => ({ language, t: TEXTS[language], rules, now: () => model.now() });
const detail = new Detail(context);
const list = byId('patients');

/** Makes, updates, orders and takes away cards so that the list is what the model says. */
function drawBoard() {
  const now = context();
  const patients = model.ordered((patient) => nameOf(patient, now));
  for (const [id, card] of cards) {
    if (model.patients.has(id)) continue;
    card.element.remove();
    cards.delete(id);
  }
  const focused = document.activeElement;
  let place = list.firstElementChild;
  for (const patient of patients) {
    const card = cards.get(patient.patient_id) ?? new Card(patient, now, (wanted) => detail.open(wanted));
    cards.set(patient.patient_id, card);
    card.update(patient, now);
    if (card.element === place) place = place.nextElementSibling;
    else list.insertBefore(card.element, place);
  }
  // An element that moves loses the focus.
  if (focused instanceof HTMLElement && focused !== document.activeElement && list.contains(focused))
    focused.focus({ preventScroll: true });
  byId('empty').hidden = !loaded || patients.length > 0;
  drawFigures();
}

/** @param {string[]} ids */
function drawCards(ids) {
  const now = context();
  for (const id of ids) {
    const patient = model.patients.get(id);
    if (patient !== undefined) cards.get(id)?.update(patient, now);
    if (detail.wants(id)) void detail.refresh();
  }
  drawFigures();
}

function drawFigures() {
  const { t } = context();
  const { patients, open_critical: critical, open_critical_history: history } = model.counts;
  if (loaded) {
    setText(byId('count-patients'), formatCount(patients, language));
    setText(byId('count-critical'), formatCount(critical, language));
  }
  byId('figure-critical').toggleAttribute('data-some', critical > 0);
  byId('count-history').hidden = history === 0;
  setText(byId('count-history'), fill(t.history, { count: formatCount(history, language) }));
  const shown = cards.size;
  byId('shown').hidden = shown >= patients;
  setText(byId('shown'), fill(t.shown, { shown: formatCount(shown, language), all: formatCount(patients, language) }));
  document.title = critical > 0 ? `(${critical}) Kidjamo` : 'Kidjamo';
  tick();
}

/** What changes with time alone. */
function tick() {
  const { t } = context();
  const received = model.lastReceived;
  setText(byId('last-reading'), received === undefined ? '—' : formatAge(Math.max(0, model.now() - received), language, t.now));
  for (const card of cards.values()) card.tick();
}

function drawConnection() {
  const { t } = context();
  const live = connection === 'live' && model.fresh;
  const text = connection === 'connecting' ? t.connecting : connection === 'lost' ? t.lost : model.fresh ? t.live : t.databaseAway;
  byId('connection').dataset['state'] = connection === 'live' && !model.fresh ? 'frozen' : connection;
  setText(byId('connection-text'), text);
  const stale = byId('stale');
  stale.hidden = live || !loaded;
  document.body.toggleAttribute('data-stale', !stale.hidden);
  const time = formatTime(trueAt, Date.now(), language);
  if (!stale.hidden) setText(stale, fill(connection === 'live' ? t.staleDatabase : t.staleLost, { time }));
}

function drawTexts() {
  const { t } = context();
  document.documentElement.lang = language;
  for (const node of document.querySelectorAll('[data-text]')) {
    const key = /** @type {HTMLElement} */ (node).dataset['text'] ?? '';
    setText(node, String(t[/** @type {keyof typeof t} */ (key)]));
  }
  for (const button of document.querySelectorAll('[data-language]')) {
    button.setAttribute('aria-pressed', String(/** @type {HTMLElement} */ (button).dataset['language'] === language));
  }
  byId('legend').replaceChildren(
    element('span', { class: 'key critical' }, `${GLYPHS.critical} ${t.legendCritical}`),
    element('span', { class: 'key low' }, t.legendLow),
    element('span', { class: 'key' }, `— ${t.legendMissing}`),
  );
  drawConnection();
  drawBoard();
}

/** Says new alerts aloud, the gravest that arrived together first. @param {Alert[]} news */
function announce(news) {
  if (news.length === 0) return;
  const now = context();
  const lines = news.slice(0, 5).map((alert) => {
    const patient = model.patients.get(alert.patient_id ?? 'unassigned');
    const name = patient === undefined ? now.t.unassigned : nameOf(patient, now);
    return element('p', {}, fill(now.t.newAlert, { name, severity: now.t.severities[alert.severity], title: titleOf(alert, now) }));
  });
  byId('announcements').replaceChildren(...lines);
}

/** Whoever comes from a message about an alert sees its patient at once, as long as the alert is open. */
function openCalled() {
  const called = new URLSearchParams(location.search).get('alert');
  if (called === null) return;
  const patient = [...model.patients.values()].find(({ alerts }) => alerts.some((alert) => alert.alert_id === called));
  if (patient !== undefined) detail.open(patient);
}

/** @param {string} name @param {any} data */
function take(name, data) {
  switch (name) {
    case 'snapshot': {
      const news = model.load(data, !loaded);
      if (!loaded) openCalled();
      loaded = true;
      drawBoard();
      announce(news);
      break;
    }
    case 'reading':
      drawCards(model.takeReadings(data));
      break;
    case 'alert': {
      const { changed, news } = model.takeAlerts(data);
      drawBoard();
      drawCards(changed);
      announce(news);
      break;
    }
    case 'patient': {
      const news = model.takePatients(data);
      drawBoard();
      announce(news);
      break;
    }
    case 'counts':
      model.counts = data;
      drawFigures();
      break;
    case 'beat':
      model.beat(data);
      break;
  }
  if (model.fresh) trueAt = Date.now();
  drawConnection();
}

async function loadRules() {
  try {
    const answer = await fetch('/api/v1/rules');
    if (!answer.ok) throw new TypeError(`the server answered ${answer.status}`);
    for (const rule of (await answer.json()).items) rules.set(rule.code, rule);
    drawBoard();
  } catch {
    // Without them no limit can be marked, so they are asked for until they come.
    setTimeout(() => void loadRules(), 3000);
  }
}

for (const button of document.querySelectorAll('[data-language]')) {
  button.addEventListener('click', () => {
    language = /** @type {HTMLElement} */ (button).dataset['language'] === 'en' ? 'en' : 'fr';
    rememberLanguage(language);
    drawTexts();
    void detail.refresh();
  });
}
drawTexts();
void loadRules();
connect('/events', {
  event: take,
  state: (state) => {
    connection = state;
    drawConnection();
  },
});
setInterval(tick, 1000);
