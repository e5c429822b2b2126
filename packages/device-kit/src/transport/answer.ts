/** What an answer of `POST /v1/vitals` means for the batch. */

import type { Delivery, ItemResult } from './transport.ts';

/** An answer of whoever is at the other end: the server, a proxy, the login page of a café. */
export interface HttpAnswer {
  readonly status: number;
  readonly retryAfter: string | null;
  readonly text: string;
}

const STATUSES: readonly unknown[] = ['accepted', 'duplicate', 'conflict', 'quarantined', 'rejected'] satisfies ItemResult['status'][];
/** Answers by which Kidjamo says that this very body can never be taken. */
const FOR_GOOD = [400, 413, 415, 422];

/**
 * Reads an answer. A batch counts as delivered only by a result for each of its readings: any web server can answer 200.
 * @param now ms since the epoch, for a Retry-After that is a date.
 */
export function readAnswer({ status, retryAfter, text }: HttpAnswer, items: number, now: number): Delivery {
  const body = parseObject(text);
  const results = status === 202 || status === 409 || status === 422 ? resultsOf(body, items) : undefined;
  if (results !== undefined) return { kind: 'settled', results };
  if (FOR_GOOD.includes(status) && isProblem(body)) return { kind: 'refused', reason: body.type.slice(PROBLEM.length) };
  const wait = retryAfter === null ? undefined : delayOf(retryAfter, now);
  return { kind: 'retry', reason: reasonOf(status), ...(wait === undefined ? {} : { retryAfterMs: wait }) };
}

const PROBLEM = 'urn:kidjamo:problem:';

function isProblem(body: Record<string, unknown>): body is { type: string } {
  return typeof body['type'] === 'string' && body['type'].startsWith(PROBLEM);
}

function resultsOf(body: Record<string, unknown>, items: number): ItemResult[] | undefined {
  const given = body['results'];
  if (!Array.isArray(given) || given.length !== items) return undefined;
  const results: ItemResult[] = [];
  for (const one of given as unknown[]) {
    if (typeof one !== 'object' || one === null) return undefined;
    const { index, status, reason, errors } = one as Record<string, unknown>;
    if (index !== results.length || !STATUSES.includes(status)) return undefined;
    results.push({
      status: status as ItemResult['status'],
      ...(typeof reason === 'string' ? { reason } : {}),
      ...(errors === undefined ? {} : { errors }),
    });
  }
  return results;
}

function reasonOf(status: number): string {
  if (status === 401 || status === 403) return `the server answered ${status}: check the credentials`;
  if (status === 404 || status === 405) return `the server answered ${status}: check the url`;
  if (status >= 300 && status < 400)
    return `the server answered ${status}, a redirection, which is not followed: check the url and the network`;
  if (status < 300) return `the server answered ${status} without a result for each reading: this may not be Kidjamo`;
  return `the server answered ${status}`;
}

function delayOf(header: string, now: number): number | undefined {
  const text = header.trim();
  if (/^\d{1,9}$/.test(text)) return Number(text) * 1000;
  const until = Date.parse(text);
  return Number.isNaN(until) ? undefined : Math.max(0, until - now);
}

function parseObject(text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
  } catch {
    // A page of a proxy, or half an answer: it says nothing about the batch.
    return {};
  }
}
