/** The live page in a real browser, on the real read API. The page's files belong to apps/dashboard, which imports nothing of this package. */

import { fileURLToPath } from 'node:url';

import { systemClock } from '@kidjamo/stream';
import type { Browser, BrowserContextOptions, Locator, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';

import { openChromium } from '../../../test/setup/chromium.ts';
import { registerLiveEvents } from '../src/read/live/routes.ts';
import { registerLivePage } from '../src/read/page.ts';
import { registerReadApi } from '../src/read/routes.ts';
import { addPatient, addReading, openFixture, raiseAlert, storeAlert, storeReading } from './read-fixture.ts';
import type { Fixture } from './read-fixture.ts';

const ROOT = fileURLToPath(new URL('../../dashboard/public', import.meta.url));
const HOSTILE = '<img src=x onerror="document.title=1">';

let fixture: Fixture;
let url: string;
let browser: Browser | undefined;
let faults: string[];

beforeAll(async () => {
  fixture = await openFixture();
  const { fastify, pool } = fixture;
  registerReadApi(fastify, { pool, clock: systemClock });
  registerLiveEvents(fastify, { ...fixture, clock: systemClock });
  registerLivePage(fastify, { root: ROOT });
  url = await fastify.listen({ host: '127.0.0.1', port: 0 });
});

beforeEach(async (context) => {
  browser ??= await openChromium(context);
  faults = [];
});

afterEach(async () => {
  await Promise.all((browser?.contexts() ?? []).map((context) => context.close()));
  expect(faults).toEqual([]);
});

afterAll(async () => {
  await browser?.close();
  await fixture.close();
});

async function openPage(options: BrowserContextOptions = {}, path = '/'): Promise<Page> {
  if (browser === undefined) throw new TypeError('no browser');
  const context = await browser.newContext({ locale: 'fr-FR', timezoneId: 'Africa/Brazzaville', ...options });
  const page = await context.newPage();
  page.on('pageerror', (error) => faults.push(error.message));
  page.on('console', (message) => {
    // The browser reports an answer that never came, which one test is about.
    if (message.type() === 'error' && !message.text().includes('net::ERR')) faults.push(message.text());
  });
  page.on('request', (request) => {
    if (!request.url().startsWith(url)) faults.push(`a request to elsewhere: ${request.url()}`);
  });
  await page.goto(`${url}${path}`);
  await page.locator('.connection[data-state="live"]').waitFor();
  return page;
}

function card(page: Page, patient: string): Locator {
  return page.locator(`.card[data-patient="${patient}"]`);
}

interface Texts {
  readonly fr: object;
  readonly en: object;
}

/** The keys of an object and of the objects in it. */
function paths(node: object, at = ''): string[] {
  return Object.entries(node)
    .flatMap(([key, value]: [string, unknown]) => (typeof value === 'object' && value !== null ? paths(value, `${at}${key}.`) : [at + key]))
    .sort();
}

/** What a person reads, with ordinary spaces. */
async function text(locator: Locator): Promise<string> {
  return (await locator.innerText()).replace(/[\u00a0\u202f]/g, ' ');
}

describe('the live page', () => {
  it('shows each vital with its unit, its state in a word, and nothing in place of what is missing', async () => {
    const patient = await addPatient(fixture.pool, { externalId: 'vitals', genotype: 'SS', birthDate: '2015-01-01' });
    await storeReading(fixture.pool, {
      patient,
      vitals: { spo2: 86, heart_rate: 118, temperature: 37.96 },
      lowConfidence: true,
      quality: 'motion',
    });
    const page = await openPage();
    const vital = (name: string) => card(page, patient).locator(`[data-vital="${name}"]`);
    await expect.poll(() => text(vital('spo2_percent').locator('dd'))).toMatch(/▲\s*86\s*%\s*critique, peu fiable/);
    expect(await text(vital('heart_rate_bpm').locator('dd'))).toMatch(/^118\s*\/min\s*peu fiable$/);
    // Not rounded up to a fever.
    expect(await vital('temperature_celsius').locator('.value').innerText()).toBe('37,9');
    expect(await text(vital('respiratory_rate_min').locator('dd'))).toMatch(/^—\s*non mesuré$/);
    expect(await text(card(page, patient))).toMatch(/6 à 12 ans · SS[^]*Qualité de la mesure\s*: mouvement/);
  });

  it('shows a new alert at once, on top, and says it aloud', async () => {
    const page = await openPage();
    const patient = await addPatient(fixture.pool, { externalId: 'alarmed' });
    const sent = performance.now();
    await addReading(fixture, { patient, vitals: { spo2: 80 } });
    await raiseAlert(fixture, { patient });
    await card(page, patient).locator('.alert-line.critical').waitFor();
    console.log(`alert on the page ${Math.round(performance.now() - sent)} ms after it was committed`);
    expect(await page.locator('.card').first().getAttribute('data-patient')).toBe(patient);
    expect(await card(page, patient).getAttribute('data-new')).toBe('');
    expect(await text(page.locator('#announcements'))).toBe('Nouvelle alerte : alarmed, Critique, Saturation en oxygène critique');
    expect(await page.title()).toMatch(/^\(\d+\) Kidjamo$/);
  });

  it('shows that somebody has seen an alert, on the board and in the record', async () => {
    const patient = await addPatient(fixture.pool, { externalId: 'seen' });
    const alert = await storeAlert(fixture.pool, { patient });
    const page = await openPage();
    const line = card(page, patient).locator('.alert-line');
    await line.waitFor();
    expect(await text(line)).not.toContain('acquittée');
    await fixture.pool.query(`UPDATE alerts SET status = 'acknowledged', acknowledged_at = now() WHERE alert_id = $1`, [alert]);
    await expect.poll(() => text(line), { timeout: 30_000 }).toMatch(/acquittée \(\d\d:\d\d\)/);
    await card(page, patient).locator('button.name').click();
    await page.getByText(/acquittée \(\d\d:\d\d:\d\d\)/).waitFor();
  });

  it('shows the patient of the alert that a message links to', async () => {
    const patient = await addPatient(fixture.pool, { externalId: 'called' });
    const alert = await storeAlert(fixture.pool, { patient });
    const page = await openPage({}, `/?alert=${alert}`);
    await expect.poll(() => page.locator('#detail').isVisible()).toBe(true);
    await expect.poll(() => text(page.locator('#detail'))).toContain('called');
    const other = await openPage({}, '/?alert=00000000-0000-8000-8000-000000000000');
    expect(await other.locator('#detail').isVisible()).toBe(false);
  });

  it('keeps the age of a reading going, by the clock of the server', async () => {
    const patient = await addPatient(fixture.pool);
    await storeReading(fixture.pool, { patient, at: systemClock.now() - 20_000, vitals: { spo2: 97 } });
    await storeReading(fixture.pool, { patient: await addPatient(fixture.pool), at: systemClock.now() - 3_600_000 });
    const page = await openPage();
    const age = async (): Promise<number> => Number(/^il y a (\d\d) s$/.exec(await text(card(page, patient).locator('.age')))?.[1]);
    await expect.poll(age).toBeGreaterThanOrEqual(20);
    const first = await age();
    await expect.poll(age).toBeGreaterThan(first);
    expect(await text(page.locator('.card[data-old] .age'))).toBe('il y a 1 h, mesure ancienne');
  });

  it('speaks both languages to the last word, and remembers the choice', async () => {
    const page = await openPage();
    expect(await page.evaluate<string>('document.documentElement.lang')).toBe('fr');
    const texts = await page.evaluate<Texts>("import('/i18n.js').then(({ TEXTS }) => TEXTS)");
    expect(paths(texts.fr)).toEqual(paths(texts.en));
    await page.getByRole('button', { name: 'English' }).click();
    expect(await page.locator('.notice').innerText()).toContain('This is not a medical device.');
    await page.reload();
    await page.locator('.connection[data-state="live"]').waitFor();
    expect(await page.evaluate<string>('document.documentElement.lang')).toBe('en');
    expect(await page.locator('#connection-text').innerText()).toBe('Live');
    expect(await page.locator('body').innerText()).not.toMatch(/undefined|NaN|\{\w+\}|null/);
  });

  it('treats whatever it is told as text', async () => {
    const patient = await addPatient(fixture.pool, { externalId: HOSTILE });
    await storeAlert(fixture.pool, { patient, type: HOSTILE, title: HOSTILE, severity: 'warn' });
    await storeReading(fixture.pool, { patient, quality: HOSTILE });
    const page = await openPage();
    expect(await text(card(page, patient).locator('.name'))).toBe(HOSTILE);
    await card(page, patient).locator('.name').click();
    await page.locator('.drawer table').first().waitFor();
    expect(await page.locator('img').count()).toBe(1);
    expect(await page.title()).toContain('Kidjamo');
  });

  it('opens a record by keyboard, and gives the focus back', async () => {
    const patient = await addPatient(fixture.pool, { externalId: 'keyboard' });
    for (let i = 0; i < 25; i += 1) await storeReading(fixture.pool, { patient, at: systemClock.now() - i * 60_000, vitals: { spo2: 95 } });
    await storeAlert(fixture.pool, { patient, resolvedAt: '2026-01-01T00:00:00Z' });
    const page = await openPage();
    await card(page, patient).locator('.name').focus();
    await page.keyboard.press('Enter');
    await page.locator('.drawer table').nth(1).waitFor();
    expect(await page.locator('.drawer table').nth(1).locator('tbody tr').count()).toBe(20);
    expect(await page.locator('.drawer table').first().innerText()).toContain('close 1 janv.');
    await page.keyboard.press('Escape');
    expect(await page.evaluate<string>('document.activeElement.textContent')).toBe('keyboard');
  });

  it('shows alerts that belong to nobody yet', async () => {
    await storeAlert(fixture.pool, { patient: null, uncertain: true });
    const page = await openPage();
    await expect.poll(() => text(card(page, 'unassigned'))).toMatch(/Patient non identifié[^]*incertaine/);
  });

  it('says that values are frozen when the database goes away, and goes on when it is back', async () => {
    const page = await openPage();
    await fixture.reachable(false);
    await page.locator('.connection[data-state="frozen"]').waitFor();
    expect(await page.locator('#stale').innerText()).toContain('ne sont plus mises à jour');
    await fixture.reachable(true);
    await page.locator('.connection[data-state="live"]').waitFor();
    expect(await page.locator('#stale').isVisible()).toBe(false);
  });

  it.each([360, 768, 1920])('fits a width of %i', async (width) => {
    const patient = await addPatient(fixture.pool, { externalId: `${width}`.repeat(20) });
    await storeReading(fixture.pool, { patient, imported: true, at: '2024-01-01T00:00:00Z', vitals: { spo2: 80, heart_rate: 200 } });
    const page = await openPage({ viewport: { width, height: 800 }, reducedMotion: 'reduce' });
    await card(page, patient).waitFor();
    expect(await page.evaluate<number>('document.documentElement.scrollWidth')).toBe(width);
    expect(await page.evaluate<number>('document.getAnimations().length')).toBe(0);
  });

  it('lets nothing in from elsewhere', async () => {
    const answer = await fetch(url);
    expect(answer.headers.get('content-security-policy')).toContain("default-src 'self'");
    expect((await fetch(`${url}/../package.json`)).status).toBe(404);
  });
});
