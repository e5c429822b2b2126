/** Runs a sink as a consumer group of its own. */

import type { DeadLetterStore } from '@kidjamo/connector-postgres';
import { runGroup, runSink, systemClock } from '@kidjamo/stream';
import type { FlushSignal, Lease, Log, Membership, RuntimeObserver, Sink } from '@kidjamo/stream';

import type { Meter } from './meter.ts';

/** When a sink that fails is left alone, and for how long. */
const CIRCUIT = { failures: 5, openFor: 10_000 };

/** What the sinks of a role share. */
export interface SinkSurroundings {
  readonly meter: Meter;
  readonly observer: RuntimeObserver;
  readonly deadLetters: DeadLetterStore;
  readonly flush: FlushSignal;
  /** ms. */
  readonly heartbeatEvery: number;
  /** How long to wait for a wake-up before reading again, ms. */
  readonly pollEvery: number;
}

/** Runs until `signal` aborts, then closes the sink. */
export async function runSinkGroup(
  around: SinkSurroundings,
  { sink, log, membership }: { readonly sink: Sink; readonly log: Log; readonly membership: Membership },
  signal: AbortSignal,
): Promise<void> {
  const { meter, observer, deadLetters, flush, heartbeatEvery, pollEvery } = around;
  const options = {
    sink: meter.watchSink(sink, CIRCUIT.failures),
    log,
    clock: systemClock,
    observer,
    random: Math.random,
    flush,
    report: membership.report.bind(membership),
    deadLetter: deadLetters.write.bind(deadLetters),
    pollEvery,
    backoff: { initial: 100, max: 10_000 },
    circuit: CIRCUIT,
  };
  const work = (lease: Lease, stop: AbortSignal): Promise<void> => runSink(options, lease, stop);
  try {
    await runGroup({ group: sink.name, membership, clock: systemClock, observer, heartbeatEvery, work }, signal);
  } finally {
    await sink.close();
  }
}
