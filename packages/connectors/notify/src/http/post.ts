/** One POST: nothing is followed, the answer is read up to a bound, and every failure is sorted into "surely not sent" and "perhaps sent". */

import type { Clock } from '@kidjamo/stream';

import type { Outcome } from '../channel.ts';

/** What is posted. */
export interface PostRequest {
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | Uint8Array<ArrayBuffer>;
  readonly signal: AbortSignal;
}

/** An answer with success: its body, up to the bound. */
export interface PostAnswer {
  readonly body: string;
}

/** Bytes of an answer that are read. The status decides; of the body only an id is wanted. */
const MAX_ANSWER = 64 << 10;
/** Codes of failures before a request could be written. */
const NOT_SENT =
  /^(ECONNREFUSED|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|ENETUNREACH|UND_ERR_CONNECT_TIMEOUT|ERR_TLS_|CERT_|DEPTH_ZERO_|SELF_SIGNED_|UNABLE_TO_)/;
/** Statuses by which a server says that it has not taken the request and may later. */
const LATER = new Set([408, 425, 429, 503]);

/** Posts once. Gives the answer where the status is one of success, else what became of it; `explain` adds to the reason of a refusal. */
export async function post(request: PostRequest, clock: Clock, explain?: (body: string) => string): Promise<PostAnswer | Outcome> {
  let response: Response;
  let body: string;
  try {
    const { url, headers, body: content, signal } = request;
    response = await fetch(url, { method: 'POST', headers, body: content, redirect: 'manual', signal });
    body = await readBounded(response);
  } catch (error) {
    const code = codeOf(error);
    return { kind: NOT_SENT.test(code) ? 'failed' : 'unknown', reason: `the network failed (${code})` };
  }
  return unsuccessful(response, clock.now(), () => explain?.(body) ?? '') ?? { body };
}

/** Whether it is an outcome rather than an answer. */
export function isOutcome(result: PostAnswer | Outcome): result is Outcome {
  return 'kind' in result;
}

function unsuccessful(response: Response, now: number, explain: () => string): Outcome | undefined {
  const { status } = response;
  if (status >= 200 && status < 300) return undefined;
  if (status >= 300 && status < 400) return { kind: 'refused', reason: `the address redirects (HTTP ${status}), which is not followed` };
  if (LATER.has(status)) {
    const retryAfter = readRetryAfter(response.headers.get('retry-after'), now);
    return {
      kind: 'failed',
      reason: `the provider takes nothing now (HTTP ${status})`,
      ...(retryAfter === undefined ? {} : { retryAfter }),
    };
  }
  // A server that broke down, or a proxy that lost its server, may have sent it before.
  if (status >= 500) return { kind: 'unknown', reason: `the provider failed (HTTP ${status})` };
  const gone = status === 404 || status === 410;
  return { kind: 'refused', reason: `the provider refused it (HTTP ${status}${explain()})`, ...(gone ? { gone } : {}) };
}

async function readBounded(response: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  const reader = (response.body as ReadableStream<Uint8Array> | null)?.getReader();
  for (;;) {
    const next = await reader?.read();
    if (next === undefined || next.done) break;
    chunks.push(next.value);
    size += next.value.length;
    if (size >= MAX_ANSWER) {
      await reader?.cancel();
      break;
    }
  }
  return Buffer.concat(chunks).subarray(0, MAX_ANSWER).toString('utf8');
}

/** Seconds, or a date. */
function readRetryAfter(header: string | null, now: number): number | undefined {
  if (header === null) return undefined;
  const ms = /^\d{1,9}$/.test(header) ? Number(header) * 1000 : Date.parse(header) - now;
  return Number.isFinite(ms) ? Math.max(0, ms) : undefined;
}

/** A code without addresses. */
function codeOf(error: unknown): string {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  if (cause instanceof Error && 'code' in cause && typeof cause.code === 'string') return cause.code;
  return cause instanceof Error ? cause.name : 'unknown';
}
