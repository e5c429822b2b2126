import { readFile } from 'node:fs/promises';
import { ERROR_CODES, KidjamoError, hasCode, isRetryable } from '@kidjamo/stream';
import { expect, test } from 'vitest';

const documented = async (): Promise<Map<string, { retryable: boolean; meaning: string }>> => {
  const text = await readFile(new URL('../../docs/reference/errors.md', import.meta.url), 'utf8');
  const rows = text.matchAll(/^\| `(?<code>[A-Z_]+)` \| (?<retryable>yes|no) \| (?<meaning>.+) \|$/gm);
  return new Map(
    Array.from(rows, ({ groups }) => [
      groups?.['code'] ?? '',
      { retryable: groups?.['retryable'] === 'yes', meaning: groups?.['meaning'] ?? '' },
    ]),
  );
};

test('the reference lists exactly the codes of the code, with their meaning', async () => {
  expect(Object.fromEntries(await documented())).toEqual(ERROR_CODES);
});

test('an error takes retryable from its code', () => {
  const error = new KidjamoError('LOG_FULL', 'less than 1 GB is free');
  expect(error.retryable).toBe(true);
  expect(isRetryable(error)).toBe(true);
  expect(hasCode(error, 'LOG_FULL')).toBe(true);
  expect(hasCode(error, 'FENCED')).toBe(false);
  expect(isRetryable(new Error('anything'))).toBe(false);
});
