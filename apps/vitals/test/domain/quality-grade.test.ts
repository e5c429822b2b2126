import { describe, expect, test } from 'vitest';

import { codeOfFlag, QUALITY_CODES, qualityCode } from '../../src/domain/quality/codes.ts';
import { isNotWorn } from '../../src/domain/quality/device-checks.ts';
import { gradeReading } from '../../src/domain/quality/grade.ts';
import { after, context, reading } from './samples.ts';

describe('quality codes', () => {
  test('are 14, one of them fine', () => {
    expect(new Set(QUALITY_CODES.map(({ code }) => code)).size).toBe(14);
    expect(QUALITY_CODES.filter(({ severity }) => severity === 0).map(({ code }) => code)).toEqual(['ok']);
  });

  test('out_of_range marks and never excludes', () => {
    expect(qualityCode('out_of_range')?.excludeFromTrends).toBe(false);
  });

  test.each([
    [undefined, 'ok'],
    ['OK', 'ok'],
    ['good', 'ok'],
    ['fair', 'ok'],
    ['poor', 'low_signal'],
    ['Motion', 'motion'],
    ['error', 'device_error'],
    ['charging', 'user_removed'],
    ['constructor', undefined],
    ['???', undefined],
  ])('flag %s is %s', (flag, code) => {
    expect(codeOfFlag(flag)).toBe(code);
  });
});

describe('the grade of a reading', () => {
  test('is ok without findings', () => {
    expect(gradeReading(reading({ vitals: { spo2: 97, heart_rate: 70 }, quality_flag: 'ok' }), context())).toEqual({
      findings: [],
      codes: [],
      flag: 'ok',
      lowConfidence: false,
    });
  });

  test('out of range is marked and keeps its confidence', () => {
    expect(gradeReading(reading({ vitals: { spo2: 64 } }), context())).toEqual({
      findings: ['spo2_range'],
      codes: ['out_of_range'],
      flag: 'out_of_range',
      lowConfidence: false,
    });
  });

  test('names each code once, the gravest as its flag, and findings without a code after the codes', () => {
    const grade = gradeReading(
      reading({ vitals: { spo2: 101, heart_rate: 300, pain: 11 }, quality_flag: 'motion', battery: 3 }),
      context(),
    );
    expect(grade.codes).toEqual(['motion', 'out_of_range', 'battery_low', 'scale_exceeded']);
    expect(grade.flag).toBe('out_of_range');
    expect(grade.lowConfidence).toBe(true);
  });

  test.each(QUALITY_CODES.filter(({ code }) => code !== 'ok'))('a device that sends $code', ({ code, excludeFromTrends }) => {
    const grade = gradeReading(reading({ quality_flag: code }), context());
    expect(grade.flag).toBe(code);
    expect(grade.lowConfidence).toBe(excludeFromTrends);
  });

  test('an unknown flag is noise, and its text goes nowhere', () => {
    const grade = gradeReading(reading({ quality_flag: 'sensor of Mrs X' }), context());
    expect(grade.flag).toBe('noise');
    expect(grade.codes).toEqual(['noise']);
  });

  test('a reading of nobody is graded, and not worn', () => {
    const removed = reading({ device_state: 'user_removed' });
    expect(gradeReading(removed, context()).flag).toBe('user_removed');
    expect(isNotWorn(removed)).toBe(true);
  });

  test.each([
    { confidence: 80, low: false },
    { confidence: 79.99, low: true },
    { contact: 60, low: false },
    { contact: 59.99, low: true },
    { confidence: 0, low: true },
    { low: false },
  ])('confidence $confidence and contact $contact', ({ low, ...changes }) => {
    expect(gradeReading(reading(changes), context()).lowConfidence).toBe(low);
  });

  test('low battery keeps confidence, a flat line does not', () => {
    expect(gradeReading(reading({ battery: 1 }), context()).lowConfidence).toBe(false);
    expect(gradeReading(reading(), after(30_000, [{ spo2: 97 }, { spo2: 97 }, { spo2: 97 }])).lowConfidence).toBe(true);
  });
});
