import { describe, expect, test } from 'vitest';

import { AGE_BANDS } from '../../src/domain/age.ts';
import { around, ON_DELAY, PERSISTENCE, TRENDS } from './reference.ts';
import { BEGIN, reading, SECOND, stateAfter, steady, Story } from './rig.ts';

const CASES = AGE_BANDS.flatMap((band) =>
  PERSISTENCE.map(([code, severity, term, seconds]) => ({ code, severity, band, term: term(band), seconds })),
);
const rank = (state: string): number => ['warn', 'alert', 'critical'].indexOf(state);

describe.each(CASES)('$code $severity in $band', ({ code, severity, band, term, seconds }) => {
  const { worse, better, atBreaches } = around(term);
  const after = (value: number, length: number): string => stateAfter(code, steady({ [term[0]]: value }, length), { band });

  test('holds when it has lasted, and not before', () => {
    expect(after(worse, seconds)).toBe(severity);
    expect(rank(after(worse, seconds - 1))).toBeLessThan(rank(severity));
  });

  test('counts its bound as the reference does, and nothing inside', () => {
    if (atBreaches) expect(after(term[2], seconds)).toBe(severity);
    else expect(rank(after(term[2], seconds))).toBeLessThan(rank(severity));
    expect(rank(after(better, seconds))).toBeLessThan(rank(severity));
  });

  test('begins anew after a good reading that does not hold', () => {
    const half = Math.floor(seconds / 60) * 30;
    const story = new Story({ band }).play([
      ...steady({ [term[0]]: worse }, half),
      reading(half + 1, { [term[0]]: better }),
      ...steady({ [term[0]]: worse }, seconds - half - 3, { from: half + 2 }),
    ]);
    expect(rank(story.state(code))).toBeLessThan(rank(severity));
  });
});

describe('a duration', () => {
  const low = (seconds: number) => reading(seconds, { spo2: 89 });

  test('is spanned by two readings', () => {
    expect(stateAfter('PERSISTENT_SPO2_VERY_LOW', [low(0)])).toBe('pending');
    expect(stateAfter('PERSISTENT_SPO2_VERY_LOW', [low(0), low(30)])).toBe('alert');
    expect(stateAfter('PERSISTENT_SPO2_VERY_LOW', [low(0), low(29.999)])).toBe('pending');
  });

  test('bears a gap of three expected intervals, and no longer one', () => {
    expect(stateAfter('PERSISTENT_SPO2_VERY_LOW', [low(0), low(90)])).toBe('alert');
    const story = new Story().play([low(0), low(90.001)]);
    expect(story.pending('PERSISTENT_SPO2_VERY_LOW')).toMatchObject({ since: BEGIN + 90_001, due: BEGIN + 120_001 });
  });

  test('goes by the median of the last 20 intervals of the device where none is configured', () => {
    const unset = { interval: undefined };
    const fast = Array.from({ length: 21 }, (_, i) => reading(i * 5, { spo2: 97 }, unset));
    const within = [...fast, reading(105, { spo2: 89 }, unset), reading(120, { spo2: 89 }, unset), reading(135, { spo2: 89 }, unset)];
    expect(stateAfter('PERSISTENT_SPO2_VERY_LOW', within)).toBe('alert');
    const beyond = [...fast, reading(105, { spo2: 89 }, unset), reading(120.1, { spo2: 89 }, unset), reading(135.2, { spo2: 89 }, unset)];
    expect(stateAfter('PERSISTENT_SPO2_VERY_LOW', beyond)).toBe('pending');
  });

  test('takes a minute where little is known of the device', () => {
    const unset = { interval: undefined };
    expect(stateAfter('PERSISTENT_SPO2_VERY_LOW', [reading(0, { spo2: 89 }, unset), reading(180, { spo2: 89 }, unset)])).toBe('alert');
    expect(stateAfter('PERSISTENT_SPO2_VERY_LOW', [reading(0, { spo2: 89 }, unset), reading(181, { spo2: 89 }, unset)])).toBe('pending');
  });

  test('is not ended by a reading without the vital sign, nor by one of low confidence', () => {
    const story = new Story().play([low(0), reading(10, { heart_rate: 80 }), reading(20, { spo2: 98 }, { lowConfidence: true }), low(30)]);
    expect(story.satisfied('PERSISTENT_SPO2_VERY_LOW')).toMatchObject({ severity: 'alert', since: BEGIN, confidence: 'good' });
  });
});

describe.each(TRENDS)('$code', ({ code, severity, vital, from, change, minutes, points, margin }) => {
  const onDelay = ON_DELAY[severity] ?? 0;
  /** `points` values that end at `from + moved` after `seconds`, and stay there for the on-delay. */
  const course = (moved: number, { seconds = minutes * 60 - onDelay, count = points } = {}) => {
    const rising = Array.from({ length: count }, (_, i) => {
      const part = i / (count - 1);
      return reading(part * seconds, { [vital]: Math.round((from + moved * part) * 1000) / 1000 }, { interval: 600 * SECOND });
    });
    return [...rising, reading(seconds + onDelay, { [vital]: Math.round((from + moved) * 1000) / 1000 }, { interval: 600 * SECOND })];
  };

  test('holds at its change and beyond, and not just before', () => {
    expect(stateAfter(code, course(change))).toBe(severity);
    expect(stateAfter(code, course(change * 1.01))).toBe(severity);
    expect(stateAfter(code, course(change * 0.99))).toBe('between');
  });

  test('does not hold in the other direction', () => {
    expect(stateAfter(code, course(-change))).toBe('inside');
  });

  test('needs its number of values', () => {
    // The last of the values is the one that ends the on-delay.
    expect(stateAfter(code, course(change, { count: points - 1 }).slice(0, -1))).toBe('unknown');
    expect(stateAfter(code, course(change, { count: points }).slice(0, -1))).toBe('pending');
  });

  test('looks no further back than its window', () => {
    // The first value has left the window when the last one comes.
    const late = course(change, { seconds: minutes * 60 - onDelay + 1 });
    expect(stateAfter(code, late)).not.toBe(severity);
  });

  test('clears when the change is back inside by the margin', () => {
    const end = minutes * 60;
    const back = change > 0 ? change - margin : change + margin;
    const story = new Story().play(course(change, { seconds: end - onDelay - 60 }));
    expect(story.state(code)).toBe(severity);
    story.add(reading(end - 30, { [vital]: from + back + Math.sign(change) * 0.01 }, { interval: 600 * SECOND }));
    expect(story.state(code)).toBe('between');
    story.add(reading(end, { [vital]: Math.round((from + back) * 1000) / 1000 }, { interval: 600 * SECOND }));
    expect(story.state(code)).toBe('inside');
  });

  test('leaves readings of low confidence out, and those of a device that nobody wears', () => {
    for (const more of [{ lowConfidence: true }, { notWorn: true }]) {
      expect(
        stateAfter(
          code,
          course(change).map((each) => ({ ...each, ...more })),
        ),
      ).toBe('unknown');
      // The first value, from which there was a change, does not count.
      const [first, ...rest] = course(change, { count: points + 1 });
      const flat = rest.map((each) => ({ ...each, vitals: { [vital]: from + change } }));
      expect(stateAfter(code, [...(first === undefined ? [] : [{ ...first, ...more }]), ...flat])).toBe('inside');
    }
  });
});
