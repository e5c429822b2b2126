import { describe, expect, test } from 'vitest';

import { VITALS } from '../../src/contracts/reading.ts';
import { QUALITY_CHECKS } from '../../src/domain/quality/grade.ts';
import { rankOf } from '../../src/domain/severity.ts';
import { ACTIONS } from '../../src/domain/actions.ts';
import { CATALOGUE } from '../../src/alarms/catalogue/catalogue.ts';
import { MARGINS } from '../../src/alarms/catalogue/numbers.ts';
import { termsOf } from '../../src/alarms/override.ts';
import { MARGIN } from './reference.ts';

test('codes are unique, and short enough for what is remembered', () => {
  const codes = CATALOGUE.map(({ code }) => code);
  expect(new Set(codes).size).toBe(codes.length);
  for (const code of codes) expect(code).toMatch(/^[A-Z][A-Z0-9_]{3,39}$/);
});

test('technical rules fit the bits of a device', () => {
  expect(CATALOGUE.filter(({ kind }) => kind === 'technical').length).toBeLessThanOrEqual(30);
});

test('margins are those of the reference', () => {
  for (const vital of VITALS) expect([vital, MARGINS[vital]]).toEqual([vital, MARGIN[vital]]);
});

test('every suggested action is used', () => {
  const used = new Set(CATALOGUE.flatMap(({ actions }) => actions));
  expect(Object.entries(ACTIONS).filter(([, action]) => !used.has(action))).toEqual([]);
});

describe.each(CATALOGUE.map((rule) => [rule.code, rule] as const))('%s', (_, rule) => {
  const { title, message, actions, levels, severity, limit, version, source } = rule;

  test('speaks both languages', () => {
    for (const text of [title, message, ...actions]) {
      expect(text.en).not.toBe('');
      expect(text.fr).not.toBe('');
      expect(text.fr).not.toBe(text.en);
    }
    expect(actions.length).toBeGreaterThan(0);
  });

  test('names its limit, version and source', () => {
    expect(limit).not.toBe('');
    expect(version).toMatch(/^\d+\.\d+\.\d+$/);
    expect(source).toMatch(/section|\*/);
  });

  test('has one level for each severity, the gravest last', () => {
    const ranks = levels.map((level) => rankOf(level.severity));
    expect(ranks).toEqual([...new Set(ranks)].sort((a, b) => a - b));
    expect(levels.at(-1)?.severity).toBe(severity);
  });

  test('has limits with names of their own in each level', () => {
    for (const level of levels) {
      const keys = termsOf(level).map(({ key }) => key);
      expect(new Set(keys).size).toBe(keys.length);
    }
  });

  test('looks for findings of checks that exist', () => {
    const names = QUALITY_CHECKS.map(({ name }) => name);
    for (const { condition } of levels)
      if (condition.kind === 'finding') expect(names).toEqual(expect.arrayContaining([...condition.findings]));
  });
});
