import { ManualClock } from '@kidjamo/stream/testing';
import { expect, test } from 'vitest';

import { patiently } from '../src/stack/database-away.ts';

const reset = (): Error => Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET' });
const noTable = (): Error => Object.assign(new Error('a value of somebody'), { code: '23505', table: 'patients' });

/** Lets the clock run until the question is answered. */
async function answered<T>(clock: ManualClock, answer: Promise<T>): Promise<T> {
  let pending = true;
  const settle = (): void => {
    pending = false;
  };
  answer.then(settle, settle);
  while (pending) {
    clock.advance(1000);
    await new Promise(setImmediate);
  }
  return answer;
}

test('a question that meets a restart is asked again', async () => {
  const clock = new ManualClock();
  let asked = 0;
  const answer = patiently(() => {
    asked += 1;
    return asked < 4 ? Promise.reject(reset()) : Promise.resolve('here');
  }, clock);
  expect(await answered(clock, answer)).toBe('here');
  expect(asked).toBe(4);
});

test('a database that stays away is given up after two minutes, and told by its own code', async () => {
  const clock = new ManualClock();
  const answer = patiently(() => Promise.reject(reset()), clock);
  await expect(answered(clock, answer)).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
  expect(clock.now()).toBeGreaterThanOrEqual(120_000);
});

test('what no waiting mends is told at once, without its values', async () => {
  let asked = 0;
  const answer = patiently(() => {
    asked += 1;
    return Promise.reject(noTable());
  }, new ManualClock());
  const told = await answer.catch((error: unknown) => error);
  expect(told).toMatchObject({ code: 'STORE_REJECTED' });
  expect(String(told)).not.toContain('somebody');
  expect(asked).toBe(1);
});
