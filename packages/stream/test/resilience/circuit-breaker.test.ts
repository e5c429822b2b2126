import { CircuitBreaker } from '@kidjamo/stream';
import type { CircuitState } from '@kidjamo/stream';
import { describe, expect, test } from 'vitest';

import { ManualClock } from '../../src/testing/index.ts';

const OPTIONS = { failures: 3, openFor: 1000 };
const boom = new RangeError('boom');

async function succeed(breaker: CircuitBreaker): Promise<string> {
  return breaker.run(async () => 'done').then(String, (error: unknown) => (error as { code: string }).code);
}

async function fail(breaker: CircuitBreaker): Promise<string> {
  return breaker
    .run(() => Promise.reject(boom))
    .then(String, (error: unknown) => (error === boom ? 'boom' : (error as { code: string }).code));
}

/** A breaker brought into a state, with two failures behind it where it is closed: one more opens it. */
async function inState(state: CircuitState): Promise<{ breaker: CircuitBreaker; clock: ManualClock }> {
  const clock = new ManualClock(5000);
  const breaker = new CircuitBreaker(OPTIONS, clock);
  await fail(breaker);
  await fail(breaker);
  if (state !== 'closed') await fail(breaker);
  if (state === 'half-open') clock.advance(OPTIONS.openFor);
  expect(breaker.state).toBe(state);
  return { breaker, clock };
}

type Event = 'success' | 'failure' | 'time passes';

/** What a call comes to, and the state afterwards, for every state and every event. */
const TABLE: Record<CircuitState, Record<Event, { outcome: string; next: CircuitState }>> = {
  closed: {
    success: { outcome: 'done', next: 'closed' },
    failure: { outcome: 'boom', next: 'open' },
    'time passes': { outcome: '', next: 'closed' },
  },
  open: {
    success: { outcome: 'CIRCUIT_OPEN', next: 'open' },
    failure: { outcome: 'CIRCUIT_OPEN', next: 'open' },
    'time passes': { outcome: '', next: 'half-open' },
  },
  'half-open': {
    success: { outcome: 'done', next: 'closed' },
    failure: { outcome: 'boom', next: 'open' },
    'time passes': { outcome: '', next: 'half-open' },
  },
};

describe('every state and every event', () => {
  for (const state of ['closed', 'open', 'half-open'] as const) {
    for (const event of ['success', 'failure', 'time passes'] as const) {
      test(`${state}: ${event}`, async () => {
        const { breaker, clock } = await inState(state);
        const { outcome, next } = TABLE[state][event];
        if (event === 'success') expect(await succeed(breaker)).toBe(outcome);
        else if (event === 'failure') expect(await fail(breaker)).toBe(outcome);
        else clock.advance(OPTIONS.openFor);
        expect(breaker.state).toBe(next);
      });
    }
  }
});

test('a success in between starts the count anew', async () => {
  const { breaker } = await inState('closed');
  await succeed(breaker);
  await fail(breaker);
  await fail(breaker);
  expect(breaker.state).toBe('closed');
  await fail(breaker);
  expect(breaker.state).toBe('open');
});

test('it is open for exactly the time asked, and says how long is left', async () => {
  const { breaker, clock } = await inState('open');
  expect(breaker.retryAfter).toBe(1000);
  clock.advance(999);
  expect([breaker.state, breaker.retryAfter]).toEqual(['open', 1]);
  clock.advance(1);
  expect([breaker.state, breaker.retryAfter]).toEqual(['half-open', 0]);
});

test('a failed probe opens it for the whole time again, whatever the count', async () => {
  const { breaker } = await inState('half-open');
  await fail(breaker);
  expect(breaker.retryAfter).toBe(1000);
});

test('after a good probe it takes the full number of failures to open', async () => {
  const { breaker } = await inState('half-open');
  await succeed(breaker);
  await fail(breaker);
  await fail(breaker);
  expect(breaker.state).toBe('closed');
});

/** A call whose end the test decides. */
function pending(breaker: CircuitBreaker): { readonly outcome: Promise<string>; end(error?: Error): void } {
  let end: (error?: Error) => void = () => undefined;
  const action = new Promise<string>((resolve, reject) => {
    end = (error) => {
      if (error === undefined) resolve('done');
      else reject(error);
    };
  });
  const outcome = breaker.run(() => action).then(String, (error: unknown) => (error === boom ? 'boom' : (error as { code: string }).code));
  return { outcome, end };
}

test('there is one probe at a time', async () => {
  const { breaker } = await inState('half-open');
  const probe = pending(breaker);
  expect(await succeed(breaker)).toBe('CIRCUIT_OPEN');
  probe.end();
  expect(await probe.outcome).toBe('done');
  expect(await succeed(breaker)).toBe('done');
});

test('a call from before it opened neither closes it, nor opens it for longer, nor lets a second probe in', async () => {
  const clock = new ManualClock();
  const breaker = new CircuitBreaker(OPTIONS, clock);
  const [early, late, last] = [pending(breaker), pending(breaker), pending(breaker)];
  for (let i = 0; i < 3; i += 1) await fail(breaker);
  clock.advance(400);
  early.end();
  expect(await early.outcome).toBe('done');
  expect(breaker.state).toBe('open');
  late.end(boom);
  expect(await late.outcome).toBe('boom');
  expect(breaker.retryAfter).toBe(600);
  clock.advance(600);
  const probe = pending(breaker);
  last.end(boom);
  await last.outcome;
  expect(await succeed(breaker)).toBe('CIRCUIT_OPEN');
  probe.end();
  await probe.outcome;
  expect(breaker.state).toBe('closed');
});
