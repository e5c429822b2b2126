import { test } from 'vitest';
import { replayUnderKills } from './kills.ts';

// KIDJAMO_SEED=<seed> kills the same processes in the same order again.
const seed = Number(process.env['KIDJAMO_SEED'] ?? 20_261_121);

test('the whole recording through two processes survives twenty kills', { timeout: 1_200_000 }, async () => {
  await replayUnderKills({ readings: Number.POSITIVE_INFINITY, kills: 20, seed });
});
