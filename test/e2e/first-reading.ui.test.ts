import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openChromium } from '../setup/chromium.ts';
import { Home } from './kidjamo.ts';
import { PROMISE_MS, readmeReading } from './readme.ts';

let home: Home;
let browser: Browser | undefined;

beforeAll(async () => {
  home = await Home.make();
  await home.up();
});

afterAll(async () => {
  await browser?.close();
  await home.remove();
});

test("the README's critical reading is on the page within 2 s", async (context) => {
  browser = await openChromium(context);
  const page = await browser.newPage({ locale: 'fr-FR' });
  const faults: string[] = [];
  page.on('pageerror', (error) => faults.push(error.message));
  await page.goto(home.url);
  await page.locator('.connection[data-state="live"]').waitFor();
  expect(await page.locator('.card').count()).toBe(0);

  const { path, headers, body } = await readmeReading();
  const answer = await fetch(`${home.url}${path}`, { method: 'POST', headers, body });
  expect(await answer.json()).toMatchObject({ status: 'success', critical_alerts: 3 });

  const card = page.locator('.card').filter({ hasText: (JSON.parse(body) as { patient_id: string }).patient_id });
  const alert = card.locator('.alert-line.critical').filter({ hasText: 'Saturation en oxygène critique' });
  await alert.waitFor({ timeout: PROMISE_MS });
  expect(await card.locator('.alert-line.critical').count()).toBe(3);
  const oxygen = (await card.locator('[data-vital="spo2_percent"] dd').innerText()).replace(/\s+/g, ' ');
  expect(oxygen).toMatch(/84 % critique/);
  expect(await page.locator('#count-critical').innerText()).toBe('3');
  expect(faults).toEqual([]);
});
