import { expect, test } from 'vitest';

import { CATALOGUE } from '../../src/alarms/catalogue/catalogue.ts';
import { effectiveRules, RuleBook } from '../../src/alarms/effective.ts';
import type { RulePatient } from '../../src/alarms/effective.ts';
import type { Override } from '../../src/alarms/override.ts';
import { BEGIN } from './rig.ts';

const patient = (more: Partial<RulePatient> = {}): RulePatient => ({
  age: { band: 'G5', known: true },
  genotype: 'SS',
  baseline: 94,
  overrides: [],
  now: BEGIN,
  ...more,
});

const disabled: Override = {
  kind: 'disable',
  rule: 'HEART_RATE_HIGH',
  by: '00000000-0000-4000-8000-000000000001',
  reason: 'Known sinus tachycardia',
  from: BEGIN,
  expires: BEGIN + 86_400_000,
};

test('patients for whom the rules are the same share them, at any time', () => {
  const book = new RuleBook(CATALOGUE, 10);
  const rules = book.of(patient());
  expect(rules).toEqual(effectiveRules(CATALOGUE, patient()));
  expect(book.of(patient({ now: BEGIN + 1 }))).toBe(rules);
});

test.each<[string, Partial<RulePatient>]>([
  ['another age band', { age: { band: 'G1', known: true } }],
  ['an age that is assumed', { age: { band: 'G5', known: false } }],
  ['another genotype', { genotype: 'SC' }],
  ['an unknown genotype', { genotype: undefined }],
  ['another baseline', { baseline: 93.9 }],
  ['no baseline', { baseline: undefined }],
  ['an override', { overrides: [disabled] }],
])('%s has rules of its own', (_, more) => {
  const book = new RuleBook(CATALOGUE, 10);
  const usual = book.of(patient());
  const own = book.of(patient(more));
  expect(own).not.toBe(usual);
  expect(own).toEqual(effectiveRules(CATALOGUE, patient(more)));
});

test('an override counts while it is in force', () => {
  const book = new RuleBook(CATALOGUE, 10);
  const usual = book.of(patient());
  const during = book.of(patient({ overrides: [disabled], now: disabled.expires - 1 }));
  expect(during.rules.map(({ code }) => code)).not.toContain('HEART_RATE_HIGH');
  expect(book.of(patient({ overrides: [disabled], now: disabled.expires }))).toBe(usual);
  expect(book.of(patient({ overrides: [disabled], now: BEGIN - 1 }))).toBe(usual);
});

test('no more are kept than told, those used last', () => {
  const book = new RuleBook(CATALOGUE, 2);
  const first = book.of(patient({ baseline: 90 }));
  const second = book.of(patient({ baseline: 91 }));
  expect(book.of(patient({ baseline: 90 }))).toBe(first);
  book.of(patient({ baseline: 92 }));
  expect(book.of(patient({ baseline: 90 }))).toBe(first);
  expect(book.of(patient({ baseline: 91 }))).not.toBe(second);
});
