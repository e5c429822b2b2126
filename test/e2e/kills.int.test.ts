import { test } from 'vitest';
import { replayUnderKills } from './kills.ts';

test('a replay through two processes survives four kills', { timeout: 300_000 }, async () => {
  await replayUnderKills({ readings: 60_000, kills: 4, seed: 7 });
});
