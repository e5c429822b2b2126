import { describe, expect, test } from 'vitest';

import { EpisodeWalk } from '../../src/simulator/medical/episode-walk.ts';
import type { Liability } from '../../src/simulator/medical/episode-walk.ts';
import { drawEpisode, levelOf, proneness } from '../../src/simulator/medical/episodes.ts';
import type { Episode } from '../../src/simulator/medical/episodes.ts';
import { EPISODE_KINDS } from '../../src/simulator/medical/rates.ts';
import { randomStream } from '../../src/simulator/random.ts';
import { correlation, DAY, FROM, HOUR, mean, only, run, truths } from './collect.ts';

/** Everything that befalls one patient in `days`. */
function live(liability: Partial<Liability>, { days, key }: { readonly days: number; readonly key: number }): readonly Episode[] {
  const ended: Episode[] = [];
  const walk = new EpisodeWalk({ genotype: 'SS', band: 'G3', rates: only({}), ahead: HOUR, ...liability }, randomStream(41, key), {
    from: FROM,
    onEnd: (episode) => ended.push(episode),
  });
  for (let at = FROM; at < FROM + days * DAY; at += HOUR / 2) walk.step(at);
  return [...ended, ...walk.active];
}

describe('rates', () => {
  test.each(EPISODE_KINDS)('%s comes as often as was asked for, for the days without it', (kind) => {
    const rate = 0.1;
    const [days, patients] = [60, 60];
    let [begun, free] = [0, 0];
    for (let key = 0; key < patients; key += 1) {
      const episodes = live({ rates: only({ [kind]: rate }) }, { days, key }).filter((episode) => episode.kind === kind);
      begun += episodes.length;
      free += days - episodes.reduce((sum, { start, end }) => sum + (Math.min(end, FROM + days * DAY) - start) / DAY, 0);
    }
    // Four standard deviations of a Poisson number.
    expect(Math.abs(begun - rate * free)).toBeLessThan(4 * Math.sqrt(rate * free));
  });

  test('a carrier has no crisis, and an infant does not exert itself', () => {
    const rates = only({ crisis: 5, chest_syndrome: 5, exertion: 5, infection: 0.2, dehydration: 0.2 });
    for (let key = 0; key < 10; key += 1) {
      const carrier = live({ genotype: 'AS', rates }, { days: 30, key });
      expect(carrier.filter(({ kind }) => kind === 'crisis' || kind === 'chest_syndrome')).toEqual([]);
      expect(live({ band: 'G1', rates }, { days: 10, key }).some(({ kind }) => kind === 'exertion')).toBe(false);
    }
    expect(proneness('crisis', 'Sβ0', 'G5')).toBeGreaterThan(proneness('crisis', 'SC', 'G5'));
  });

  test('illness brings about illness, and what nobody asked for never comes', () => {
    const causes = new Set<string>();
    for (let key = 0; key < 40; key += 1) {
      const some = live({ rates: only({ infection: 0.2, dehydration: 0.2, crisis: 0.001, chest_syndrome: 0.001 }) }, { days: 60, key });
      for (const { kind, cause, start } of some) {
        if (cause === undefined) continue;
        causes.add(`${cause} ${kind}`);
        expect(some.some((other) => other.kind === cause && other.start < start)).toBe(true);
      }
      expect(live({ rates: only({ infection: 0.2 }) }, { days: 30, key }).some(({ kind }) => kind === 'crisis')).toBe(false);
    }
    expect([...causes].sort()).toEqual(['crisis chest_syndrome', 'dehydration crisis', 'infection crisis']);
  });

  test('heat and exertion keep to their hours, and nobody who is ill exerts himself', () => {
    for (let key = 0; key < 20; key += 1) {
      const some = live({ rates: only({ heat_stress: 0.5, exertion: 2, infection: 0.2 }) }, { days: 30, key });
      for (const episode of some) {
        const hour = ((episode.start - FROM) / HOUR + 1) % 24;
        if (episode.kind === 'heat_stress') expect(hour >= 11 && hour < 16).toBe(true);
        if (episode.kind !== 'exertion') continue;
        expect(hour >= 9 && hour < 19).toBe(true);
        expect(some.some((other) => other !== episode && other.start < episode.start && other.end > episode.start)).toBe(false);
      }
    }
  });
});

describe('a course', () => {
  test.each(EPISODE_KINDS)('%s begins, grows, lasts and passes without a jump', (kind) => {
    for (let key = 0; key < 20; key += 1) {
      const episode = drawEpisode(randomStream(42, key), { kind, start: FROM });
      const { start, onset, plateau, recovery, end } = episode;
      expect([start, onset, plateau, recovery, end]).toEqual([start, onset, plateau, recovery, end].toSorted((a, b) => a - b));
      expect(levelOf(episode, start)).toBe(0);
      expect(levelOf(episode, end)).toBe(0);
      expect(levelOf(episode, onset)).toBeCloseTo(0.25, 6);
      expect(levelOf(episode, plateau)).toBeCloseTo(1, 6);
      expect(levelOf(episode, recovery)).toBeCloseTo(1, 6);
      const steps = Array.from({ length: 2001 }, (_, i) => levelOf(episode, start + ((end - start) * i) / 2000));
      expect(Math.min(...steps)).toBeGreaterThanOrEqual(0);
      expect(Math.max(...steps)).toBeLessThanOrEqual(1);
      expect(Math.max(...steps.map((level, i) => Math.abs(level - (steps[i - 1] ?? 0))))).toBeLessThan(0.1);
    }
  });

  test('a crisis takes hours to come and days to go, and the patient is as before', () => {
    const genotypes = { SS: 1, SC: 0, Sβ0: 0, 'Sβ+': 0, AS: 0 };
    const bands = { G1: 0, G2: 0, G3: 1, G4: 1, G5: 1, G6: 1 };
    const some = run({ days: 12, seed: 43, patients: 16, intervalS: 300, mix: { genotypes, bands }, rates: only({ crisis: 0.4 }) });
    const falls: number[] = [];
    for (const { patient, start, onset, plateau, recovery, end, severity } of truths(some, 'episode')) {
      if (recovery === undefined || plateau === undefined || onset === undefined || Date.parse(end) > FROM + 11 * DAY || severity < 0.4)
        continue;
      const of = some.samples.filter((sample) => sample.patient.patient === patient && sample.episodes.length <= 1);
      const stretch = (from: number, to: number) => of.filter(({ at }) => at >= from && at < to).map(({ clean }) => clean);
      const times = [start, onset, plateau, recovery, end].map((time) => Date.parse(time));
      const [begins = 0, worsens = 0, worst = 0, better = 0, over = 0] = times;
      expect(worst - begins).toBeGreaterThan(4 * HOUR);
      expect(over - better).toBeGreaterThan(7 * HOUR);
      const spo2 = (from: number, to: number): number => mean(stretch(from, to).map((clean) => clean.spo2 ?? 0));
      const pain = (from: number, to: number): readonly number[] => stretch(from, to).flatMap((clean) => clean.pain ?? []);
      const [prodrome, plateauSpo2] = [spo2(begins, worsens), spo2(worst, better)];
      falls.push(prodrome - plateauSpo2);
      expect(mean(pain(worst, better))).toBeGreaterThan(4);
      expect(mean(pain(worst, better))).toBeGreaterThan(mean([0, ...pain(begins, worsens)]));
      const after = some.samples
        .filter(({ at, patient: one }) => one.patient === patient && at >= over && at < over + DAY)
        .filter(({ episodes }) => episodes.length === 0);
      if (after.length > 100)
        expect(mean(after.map(({ clean }) => clean.spo2 ?? 0))).toBeGreaterThan((after[0]?.patient.resting.spo2 ?? 0) - 1);
    }
    expect(falls.length).toBeGreaterThan(3);
    expect(mean(falls)).toBeGreaterThan(1.5);
    // Sleep and noise may hide the mildest.
    expect(Math.min(...falls)).toBeGreaterThan(-0.7);
  });

  test('fever raises the heart rate and the respiratory rate', () => {
    const { samples } = run({ days: 8, seed: 44, patients: 10, intervalS: 600, rates: only({ infection: 0.5 }) });
    for (let index = 0; index < 10; index += 1) {
      const ill = samples.filter(({ patient, clean }) => patient.index === index && (clean.activity ?? 0) < 2);
      if (!ill.some(({ clean }) => (clean.temperature ?? 0) > 38.3)) continue;
      const of = (name: 'temperature' | 'heart_rate' | 'resp_rate') => ill.map(({ clean }) => clean[name] ?? 0);
      expect(correlation(of('temperature'), of('heart_rate'))).toBeGreaterThan(0.6);
      expect(correlation(of('temperature'), of('resp_rate'))).toBeGreaterThan(0.6);
    }
  });

  test('heat is hot, dehydration dries, chest syndrome takes the breath', () => {
    const extremes = (rates: Parameters<typeof only>[0]) => {
      const genotypes = { SS: 1, SC: 0, Sβ0: 0, 'Sβ+': 0, AS: 0 };
      const bands = { G1: 0, G2: 0, G3: 0, G4: 0, G5: 1, G6: 0 };
      const { samples } = run({ days: 5, seed: 45, patients: 8, intervalS: 300, mix: { genotypes, bands }, rates: only(rates) });
      return {
        heat: Math.max(...samples.map(({ clean }) => clean.heat_index ?? 0)),
        water: Math.min(...samples.map(({ clean }) => clean.hydration ?? 100)),
        spo2: Math.min(...samples.map(({ clean }) => clean.spo2 ?? 100)),
        breath: Math.max(...samples.map(({ clean }) => clean.resp_rate ?? 0)),
      };
    };
    const none = extremes({});
    expect(none.heat).toBeLessThan(30);
    expect(none.water).toBeGreaterThan(66);
    expect(extremes({ heat_stress: 1 }).heat).toBeGreaterThan(38);
    expect(extremes({ dehydration: 1 }).water).toBeLessThan(52);
    const chest = extremes({ chest_syndrome: 0.5 });
    expect(chest.spo2).toBeLessThan(87);
    expect(chest.breath).toBeGreaterThan(none.breath);
  });
});
