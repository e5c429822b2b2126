/** `POST /v1/vitals` by fetch. */

import { systemClock } from '../clock.ts';
import type { Clock } from '../clock.ts';
import { readAnswer } from './answer.ts';
import type { Delivery, OutgoingBatch, Transport } from './transport.ts';

export interface HttpOptions {
  /** Address of the server, such as `https://kidjamo.example`. `/v1/vitals` is added when it has no path. */
  readonly url: string | URL;
  /** Headers to send with every request, for instance a token; asked for at each try, since tokens run out. */
  readonly headers?: () => Readonly<Record<string, string>>;
  /** How long a try may take, ms. Default 30,000. */
  readonly timeoutMs?: number;
  readonly fetch?: typeof fetch;
  readonly clock?: Clock;
}

/** Bytes of an answer that are read: a thousand results with their reasons have less. */
const MAX_ANSWER = 4 << 20;

/** Sends by HTTP. */
export function httpTransport(options: HttpOptions): Transport {
  const { timeoutMs = 30_000, clock = systemClock, headers = () => ({}) } = options;
  const send = options.fetch ?? fetch;
  const url = new URL(options.url);
  if (url.pathname === '/') url.pathname = '/v1/vitals';
  return {
    async send({ key, body, items }: OutgoingBatch, signal: AbortSignal): Promise<Delivery> {
      let response: Response;
      let text: string | undefined;
      try {
        response = await send(url, {
          method: 'POST',
          headers: { ...headers(), 'content-type': 'application/json', 'idempotency-key': key },
          body: new Uint8Array(body.buffer as ArrayBuffer, body.byteOffset, body.length),
          redirect: 'manual',
          signal: AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]),
        });
        text = await readText(response);
      } catch (error) {
        // Refused, reset, timed out, half an answer: the batch may have been stored or not, so it is sent again.
        return { kind: 'retry', reason: networkReason(error) };
      }
      if (text === undefined) return { kind: 'retry', reason: `the answer has more than ${MAX_ANSWER} bytes: this may not be Kidjamo` };
      return readAnswer({ status: response.status, retryAfter: response.headers.get('retry-after'), text }, items, clock.now());
    },
    close: () => Promise.resolve(),
  };
}

async function readText(response: Response): Promise<string | undefined> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  const reader = (response.body as ReadableStream<Uint8Array> | null)?.getReader();
  for (;;) {
    const next = await reader?.read();
    if (next === undefined || next.done) return Buffer.concat(chunks).toString('utf8');
    size += next.value.length;
    if (size > MAX_ANSWER) {
      await reader?.cancel();
      return undefined;
    }
    chunks.push(next.value);
  }
}

/** A short reason without addresses: the code of the cause, as `ECONNREFUSED`. */
function networkReason(error: unknown): string {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  if (cause instanceof Error && 'code' in cause && typeof cause.code === 'string') return `the network failed: ${cause.code}`;
  return `the network failed: ${cause instanceof Error ? cause.name : 'unknown'}`;
}
