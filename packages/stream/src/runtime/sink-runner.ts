/**
 * Carries one partition of a log to a sink. Each sink has its own: a slow or dead one delays nobody else.
 *
 * | phase   | does                                                   | on success | on a retryable error              | on FENCED |
 * |---------|--------------------------------------------------------|------------|-----------------------------------|-----------|
 * | open    | takes the sink's fence over, learns the position       | collect    | back off, open                    | end       |
 * | collect | reads until the batch is full, old enough, or flushed  | write      | back off, open                    | end       |
 * | write   | through the circuit breaker                            | collect    | back off, open (position re-read) | end       |
 * | refuse  | refused records to the dead letters, then write again without them | write | back off, open             | end       |
 */

import type { Clock } from '../clock.ts';
import type { DeadLetter, Lease } from '../contracts/commit.ts';
import type { Log } from '../contracts/log.ts';
import type { Sink } from '../contracts/sink.ts';
import { hasCode, isRetryable, KidjamoError } from '../errors.ts';
import { backoffDelay } from '../resilience/backoff.ts';
import type { BackoffOptions } from '../resilience/backoff.ts';
import { CircuitBreaker } from '../resilience/circuit-breaker.ts';
import type { CircuitOptions } from '../resilience/circuit-breaker.ts';
import type { RuntimeObserver } from './observer.ts';
import { valueSize } from './encoded-record.ts';
import { RecordPack } from './record-pack.ts';
import { TICK_KEY } from './task-batch.ts';

/** Asks sinks to write what they have collected without waiting for more. */
export interface FlushSignal {
  /** Counts the requests so far; a change means that one came. */
  readonly requests: number;
}

/** How a sink is run. */
export interface SinkRunnerOptions {
  readonly sink: Sink;
  readonly log: Log;
  readonly clock: Clock;
  readonly observer: RuntimeObserver;
  readonly random: () => number;
  readonly flush: FlushSignal;
  /** Tells lag tools and retention how far the sink has come. */
  readonly report: (lease: Lease, offset: number) => Promise<void>;
  readonly deadLetter: (lease: Lease, letters: readonly DeadLetter[]) => Promise<void>;
  /** How long to wait for a wake-up before reading again, ms. */
  readonly pollEvery: number;
  readonly backoff: BackoffOptions;
  readonly circuit: CircuitOptions;
}

/** Records asked of the log at a time. */
const READ_SIZE = 4000;
/** Sum of the lengths of the values from which on a read with few records was a full one: a log ends a read early where they are long. */
const MUCH = 1 << 20;

interface Collected {
  readonly records: RecordPack;
  readonly to: number;
  /** The flush requests that this batch answers. */
  readonly flushed: number;
}

/** Runs until `signal` aborts or the partition is taken over. */
export async function runSink(options: SinkRunnerOptions, lease: Lease, signal: AbortSignal): Promise<void> {
  const { sink, clock, observer, backoff, random } = options;
  const breaker = new CircuitBreaker(options.circuit, clock);
  let flushed = options.flush.requests;
  for (let attempt = 0; !signal.aborted;) {
    try {
      let position = await sink.open(lease);
      while (!signal.aborted) {
        const collected = await collect(options, { partition: lease.partition, position, flushed }, signal);
        // What is not written by now is read again by whoever has the partition next.
        if (signal.aborted) return;
        const started = clock.now();
        await write(options, { lease, breaker, position, collected }, signal);
        position = collected.to;
        flushed = collected.flushed;
        attempt = 0;
        observer.committed(lease, {
          records: collected.records.length,
          ms: clock.now() - started,
          position: { offset: position, logTime: 0 },
        });
        // Not after an error: the sink may still be going through them.
        collected.records.release();
        await options.report(lease, position);
      }
    } catch (error) {
      observer.failed(lease, error);
      if (hasCode(error, 'FENCED')) return;
      // A write cut short by the abort may fail in any way; whoever has the partition next writes it again.
      if (signal.aborted) return;
      if (!isRetryable(error)) throw error;
      attempt += 1;
      await clock.sleep(Math.max(breaker.retryAfter, backoffDelay(backoff, attempt, random)), signal);
    }
  }
}

async function collect(
  options: SinkRunnerOptions,
  from: { partition: number; position: number; flushed: number },
  signal: AbortSignal,
): Promise<Collected> {
  const { log, clock, sink, flush, pollEvery } = options;
  const { maxRecords, maxBytes, maxDelay } = sink.batching;
  const records = new RecordPack(from.partition);
  let { position: to, flushed } = from;
  let bytes = 0;
  let deadline: number | undefined;
  while (!signal.aborted) {
    const before = bytes;
    const more = await log.read(from.partition, to, Math.min(READ_SIZE, maxRecords - records.length));
    for (const record of more) {
      if (record.key !== TICK_KEY) {
        const size = valueSize(record);
        // A record that does not fit opens the next batch; one that is too large by itself goes alone.
        const full = records.length >= maxRecords || (records.length > 0 && bytes + size > maxBytes);
        if (full) return { records, to, flushed };
        records.add(record);
        bytes += size;
      }
      to = record.offset + 1;
    }
    if (records.length >= maxRecords || bytes >= maxBytes) return { records, to, flushed };
    if (more.length > 0) deadline ??= clock.now() + maxDelay;
    if (more.length >= READ_SIZE / 2 || bytes - before >= MUCH) continue;
    const { requests } = flush;
    if (deadline === undefined) {
      flushed = requests; // nothing collected: there is nothing to flush
      await log.wait(from.partition, pollEvery, signal);
      continue;
    }
    if (more.length === 0 && (clock.now() >= deadline || requests !== flushed)) return { records, to, flushed: requests };
    // What is collected waits for the deadline anyway: reading at every wake-up would only cost the log.
    await clock.sleep(Math.max(1, Math.min(pollEvery, deadline - clock.now())), signal);
  }
  return { records, to, flushed };
}

async function write(
  options: SinkRunnerOptions,
  batch: { lease: Lease; breaker: CircuitBreaker; position: number; collected: Collected },
  signal: AbortSignal,
): Promise<void> {
  const { sink } = options;
  const { lease, breaker, position, collected } = batch;
  let records = collected.records;
  for (;;) {
    const { refused } = await breaker.run(() => sink.write({ lease, from: position, to: collected.to, records }, signal));
    if (refused.length === 0) return;
    const reasons = new Map(refused.map((refusal) => [refusal.offset, refusal.reason]));
    const letters: DeadLetter[] = [];
    const kept = new RecordPack(lease.partition);
    for (const record of records) {
      const { offset, key, value } = record;
      const reason = reasons.get(offset);
      if (reason === undefined) kept.add(record);
      else letters.push({ offset, key, value, reason });
    }
    if (letters.length === 0) throw new KidjamoError('CONFORMANCE', `the sink ${sink.name} refused only records that it was not given`);
    await options.deadLetter(lease, letters);
    records = kept;
  }
}
