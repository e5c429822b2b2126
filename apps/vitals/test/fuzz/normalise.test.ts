/** 3,000 spoiled bodies through parsing and normalising alone: never an exception, always a draft or a named fault, values never repeated. */

import { expect, test } from 'vitest';

import { isFaulty } from '../../src/gateway/draft.ts';
import { draftReading } from '../../src/gateway/formats.ts';
import type { ReadingFormat } from '../../src/gateway/formats.ts';
import { isRefusal, parseBody } from '../../src/gateway/parse-body.ts';
import { fuzzCase } from './cases.ts';

const NOW = Date.parse('2026-11-21T12:00:00Z');
const FORMATS: Readonly<Record<string, ReadingFormat>> = {
  '/iot/measurements': 'nested',
  '/ingest': 'flat',
  '/api/v1/measurements': 'api',
  '/v1/vitals': 'cloud',
};

test('3,000 cases', () => {
  const seen = { refused: 0, faulty: 0, drafted: 0 };
  for (let i = 0; i < 3000; i += 1) {
    const { body, path, name } = fuzzCase(3, i, NOW);
    const format = FORMATS[path];
    if (format === undefined) continue;
    const parsed = parseBody(body, true);
    if (isRefusal(parsed)) {
      seen.refused += 1;
      continue;
    }
    for (const item of parsed.items) {
      if (item.refusal !== undefined) {
        expect(item.refusal.faults, name).not.toEqual([]);
        continue;
      }
      const drafted = draftReading(format, item.value);
      if (isFaulty(drafted)) {
        seen.faulty += 1;
        expect(drafted.length, name).toBeGreaterThan(0);
        for (const { pointer } of drafted) expect(pointer, name).toMatch(/^(\/[^/]*)*$/);
      } else {
        seen.drafted += 1;
        expect(Number.isFinite(drafted.at), name).toBe(true);
        expect(
          Object.values(drafted.content.vitals).every((value) => Number.isFinite(value)),
          name,
        ).toBe(true);
        const text = JSON.stringify(drafted.content.extra ?? {});
        expect(text.includes('\\u0000') && !text.includes('unstorable_json'), name).toBe(false);
      }
    }
  }
  expect(Math.min(seen.refused, seen.faulty, seen.drafted)).toBeGreaterThan(100);
});
