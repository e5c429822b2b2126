/** The routes that take readings in. */

import type { FastifyInstance } from 'fastify';
import type { Clock } from '@kidjamo/stream';

import type { Answer, Door, Visit } from './door.ts';
import { refuse } from './door.ts';
import type { ReadingFormat } from './formats.ts';
import { keyId } from './idempotency.ts';
import type { Intake, Outcome } from './intake.ts';
import { sourceText } from './intake.ts';
import type { GatewayMetrics } from './metrics.ts';
import { LineGroups } from './ndjson.ts';
import type { Item } from './parse-body.ts';
import { isRefusal, parseBody } from './parse-body.ts';
import { BatchTally, flatAnswer, nestedAnswer, singleAnswer } from './reading-answers.ts';
import type { BodyReader } from './read-body.ts';

/** What the routes stand on. */
export interface ReadingRouteParts {
  readonly door: Door;
  readonly intake: Intake;
  readonly reader: BodyReader;
  readonly metrics: GatewayMetrics;
  readonly clock: Clock;
}

type SingleAnswer = (visit: Visit, outcome: Outcome, latency: number) => Answer;

const ROUTES: readonly { path: string; format: ReadingFormat; batches: boolean; answer: SingleAnswer }[] = [
  { path: '/iot/measurements', format: 'nested', batches: false, answer: nestedAnswer },
  { path: '/ingest', format: 'flat', batches: false, answer: flatAnswer },
  { path: '/api/v1/measurements', format: 'api', batches: true, answer: singleAnswer },
  { path: '/v1/vitals', format: 'cloud', batches: true, answer: singleAnswer },
];

/** Adds the routes. */
export function addReadingRoutes(fastify: FastifyInstance, parts: ReadingRouteParts): void {
  for (const route of ROUTES) {
    const json = (visit: Visit, bytes: Buffer): Promise<Answer> => takeBody({ parts, visit, ...route }, bytes);
    const ndjson = (visit: Visit): Promise<Answer> => takeLines({ parts, visit, ...route });
    const handler = { format: route.format, json, ...(route.batches ? { ndjson } : {}) };
    fastify.post(route.path, (request, reply) => parts.door.receive(request, reply, handler));
  }
}

interface Call {
  readonly parts: ReadingRouteParts;
  readonly visit: Visit;
  readonly path: string;
  readonly format: ReadingFormat;
  readonly batches: boolean;
  readonly answer: SingleAnswer;
}

async function takeBody(call: Call, bytes: Buffer): Promise<Answer> {
  const { parts, visit, batches } = call;
  const parsed = parseBody(bytes, batches);
  if (isRefusal(parsed)) return parts.door.refuseBody({ ...visit, format: sourceText(call.format, visit.imported) }, bytes, parsed);
  const outcomes = await take(call, parsed.items, '');
  const latency = (parts.clock.now() - visit.received) / 1000;
  const [first] = outcomes;
  if (!parsed.batch && first !== undefined) return call.answer(visit, first, latency);
  const tally = new BatchTally();
  tally.add(outcomes);
  return tally.answer(visit, latency);
}

/** Takes items; `part` tells the parts of one request apart, each of which is bound to the Idempotency-Key on its own. */
async function take({ parts, visit, path, format }: Call, items: readonly Item[], part: string): Promise<readonly Outcome[]> {
  const { received, correlation, imported, key } = visit;
  const outcomes = await parts.intake.take({
    format,
    items,
    transport: { source: format, received, correlation, imported },
    ...(key === undefined ? {} : { key: keyId(path + part, key) }),
  });
  parts.metrics.countReadings(format, outcomes);
  return outcomes;
}

async function takeLines(call: Call): Promise<Answer> {
  const { parts, visit } = call;
  const tally = new BatchTally();
  const groups = new LineGroups();
  let group = 0;
  const flush = async (items: readonly Item[]): Promise<void> => {
    if (items.length === 0) return;
    // Readings of a long upload are received when their group is, not when the upload began.
    const now: Call = { ...call, visit: { ...visit, received: parts.clock.now() } };
    tally.add(await take(now, items, `#${group}`));
    group += 1;
  };
  const chunks = parts.reader.chunks(visit.request.raw);
  for (;;) {
    const next = await chunks.next();
    if (next.done !== true) {
      await groups.push(next.value, flush);
      continue;
    }
    if (next.value !== 'end') return { ...refuse('timeout', { correlation: visit.correlation }), close: true };
    break;
  }
  await flush(groups.end());
  return tally.answer(visit, (parts.clock.now() - visit.received) / 1000);
}
