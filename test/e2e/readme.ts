/** The README's first reading, taken from its text, so that a README that no longer works fails a test. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

/** A request as `curl` would send it. */
export interface CurlRequest {
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** The `curl` of the README that sends a reading, its time filled in with now. */
export async function readmeReading(): Promise<CurlRequest> {
  const readme = await readFile(join(import.meta.dirname, '../../README.md'), 'utf8');
  const [, command] = /```sh\n(curl [^]*?)```/.exec(readme) ?? [];
  const [, path] = / http:\/\/127\.0\.0\.1:8001(\/\S+) /.exec(command ?? '') ?? [];
  const [, quoted] = / -d "((?:[^"\\]|\\.)*)"/.exec(command ?? '') ?? [];
  if (command === undefined || path === undefined || quoted === undefined) throw new Error('the README has no curl that sends a reading');
  const headers = [...command.matchAll(/ -H '([^:']+): ([^']+)'/g)].map(([, name = '', value = '']) => [name, value]);
  // What a shell does to text between double quotes.
  const now = `${new Date().toISOString().slice(0, 19)}Z`;
  const body = quoted.replaceAll('$(date -u +%FT%TZ)', now).replace(/\\(["\\$`])/g, '$1');
  if (/\$\(|`/.test(body)) throw new Error('the README substitutes something that this test does not know');
  return { path, headers: Object.fromEntries(headers) as Record<string, string>, body };
}

/**
 * How long an alert may take to where people see it, ms. The promise is 2 s. Tests run beside others on machines that are busy, where a
 * process may not be scheduled for seconds, so they allow five times that; KIDJAMO_TEST_SLACK=1 holds the system to the promise itself.
 */
export const PROMISE_MS = 2000 * Number(process.env['KIDJAMO_TEST_SLACK'] ?? 5);
