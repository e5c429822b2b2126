/** Posts to the gateway and tries again while it cannot keep what it is given. */

import { backoffDelay, KidjamoError, systemClock } from '@kidjamo/stream';

/** An answer of the gateway. */
export interface Answer {
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>>;
}

/** What is sent. */
export interface Post {
  readonly url: string;
  readonly body: string;
  readonly type: 'application/json' | 'application/x-ndjson';
  readonly headers?: Readonly<Record<string, string>>;
}

/** How long a gateway that is away is waited for, ms. */
const PATIENCE = 120_000;

/**
 * Posts until the gateway answers anything but 429 and 503. What was sent before a lost connection is sent again: readings are
 * idempotent.
 * @throws KidjamoError INSTANCE_UNREACHABLE when it stays away for two minutes.
 */
export async function post(request: Post, signal: AbortSignal): Promise<Answer> {
  const until = systemClock.now() + PATIENCE;
  for (let attempt = 1; ; attempt += 1) {
    const answer = await once(request, signal);
    if (answer !== undefined && answer.status !== 429 && answer.status !== 503) return answer;
    if (signal.aborted)
      throw new KidjamoError('INSTANCE_UNREACHABLE', 'stopped before the gateway took everything: run the command again to resume');
    if (systemClock.now() >= until)
      throw new KidjamoError('INSTANCE_UNREACHABLE', 'the gateway has not taken readings for two minutes: see `kidjamo doctor`');
    await systemClock.sleep(backoffDelay({ initial: 200, max: 3000 }, attempt, Math.random), signal);
  }
}

async function once(request: Post, signal: AbortSignal): Promise<Answer | undefined> {
  let response: Response;
  let text: string;
  try {
    response = await fetch(request.url, {
      method: 'POST',
      headers: { 'content-type': request.type, ...request.headers },
      body: request.body,
      signal,
    });
    text = await response.text();
  } catch (error) {
    // fetch rejects with a TypeError when the connection fails, and with an AbortError when we stop: both are handled by the caller.
    if (error instanceof TypeError || signal.aborted) return undefined;
    throw error;
  }
  return { status: response.status, body: parseObject(text) };
}

function parseObject(text: string): Readonly<Record<string, unknown>> {
  const value: unknown = text === '' ? {} : JSON.parse(text);
  return typeof value === 'object' && value !== null ? { ...value } : {};
}
