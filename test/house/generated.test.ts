import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { generateAll } from '../../scripts/gen.ts';

test('every generated document is as the code would write it now', async () => {
  const documents = await generateAll();
  expect(documents.size).toBeGreaterThan(0);
  for (const [path, text] of documents) {
    expect(await readFile(new URL(`../../${path}`, import.meta.url), 'utf8'), `${path}: run npm run gen`).toBe(text);
  }
});
