import fc from 'fast-check';
import { expect, test } from 'vitest';

import { LineGroups, MAX_LINE } from '../../src/gateway/ndjson.ts';
import type { Item } from '../../src/gateway/parse-body.ts';

async function groupsOf(chunks: readonly Buffer[]): Promise<Item[][]> {
  const lines = new LineGroups();
  const groups: Item[][] = [];
  for (const chunk of chunks) {
    await lines.push(chunk, async (items) => {
      groups.push([...items]);
    });
  }
  const rest = lines.end();
  return rest.length === 0 ? groups : [...groups, [...rest]];
}

test('the lines and groups of a body do not depend on how it is cut into chunks', async () => {
  const line = fc.oneof(
    fc.jsonValue().map((value) => JSON.stringify(value)),
    fc.constantFrom('', '{', 'é'),
  );
  await fc.assert(
    fc.asyncProperty(
      fc.array(line, { maxLength: 50 }),
      fc.array(fc.nat({ max: 400 })),
      fc.constantFrom('\n', '\r\n'),
      async (texts, cuts, newline) => {
        const body = Buffer.from(texts.join(newline));
        const sorted = [...new Set(cuts.map((cut) => Math.min(cut, body.length)))].sort((a, b) => a - b);
        const chunks = [0, ...sorted].map((from, i) => body.subarray(from, sorted[i] ?? body.length));
        const read = (groups: Item[][]): unknown =>
          groups.map((group) => group.map((item) => [item.bytes().toString(), item.value, item.refusal?.reason]));
        const pieces = await groupsOf(chunks);
        expect(read(pieces)).toEqual(read(await groupsOf([body])));
        expect(pieces.flat().map((item) => item.bytes().toString())).toEqual(texts.filter((text) => text !== ''));
      },
    ),
  );
});

test('groups hold a thousand lines', async () => {
  const groups = await groupsOf([Buffer.from('1\n'.repeat(2500))]);
  expect(groups.map((group) => group.length)).toEqual([1000, 1000, 500]);
});

test('a line that is too long is refused with its beginning, and the next one is read', async () => {
  const [items] = await groupsOf([Buffer.from(`"${'x'.repeat(MAX_LINE)}"\n"next"`)]);
  expect(items?.map((item) => [item.refusal?.reason, item.bytes().length, item.value])).toEqual([
    ['too_large', MAX_LINE, undefined],
    [undefined, 6, 'next'],
  ]);
});
