/** A real browser for the tests of the page. */
import { existsSync } from 'node:fs';
import { chromium, type Browser } from 'playwright-core';

const executablePath = process.env['KIDJAMO_CHROMIUM'] ?? '/usr/bin/chromium';

/** Chromium, to be closed by the caller. Skips the test, through its context, where there is none. */
export async function openChromium(context: { skip: (note: string) => never }): Promise<Browser> {
  if (!existsSync(executablePath)) context.skip(`there is no Chromium at ${executablePath}; KIDJAMO_CHROMIUM may name another`);
  return chromium.launch({
    executablePath,
    headless: true,
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  });
}
