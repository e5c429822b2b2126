/** docs/reference/errors.md, from the codes in packages/stream/src/errors.ts. */
import { ERROR_CODES } from '@kidjamo/stream';

/** The document by its path. */
export function generate(): ReadonlyMap<string, string> {
  const rows = Object.entries(ERROR_CODES)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([code, { retryable, meaning }]) => `| \`${code}\` | ${retryable ? 'yes' : 'no'} | ${meaning} |`);
  return new Map([
    [
      'docs/reference/errors.md',
      [
        '# Errors',
        '',
        'Written by `npm run gen` from `packages/stream/src/errors.ts`. A test compares the two.',
        '',
        '"May be retried" means that the same call may succeed later without anyone changing anything.',
        '',
        '| Code | May be retried | Meaning |',
        '| --- | --- | --- |',
        ...rows,
        '',
      ].join('\n'),
    ],
  ]);
}
