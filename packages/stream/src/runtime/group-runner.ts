/**
 * Keeps a member of a consumer group alive and runs its work on every partition it holds.
 *
 * | event                                  | what happens                                                   |
 * |----------------------------------------|----------------------------------------------------------------|
 * | a lease appears, or has a new generation | its work starts                                              |
 * | a lease is gone                        | its work is told to stop                                       |
 * | a lease is over the fair share         | its work is told to stop, ends what it has in hand, then the lease is released; heartbeats go on meanwhile |
 * | the work ends by itself (fenced)       | it is started again when a heartbeat shows the lease as ours   |
 * | heartbeats fail                        | work goes on: the fence, not the lease, protects the data      |
 * | abort                                  | all work stops, then the member leaves                         |
 */

import type { Clock } from '../clock.ts';
import type { Lease, Membership } from '../contracts/commit.ts';
import { hasCode } from '../errors.ts';
import type { RuntimeObserver } from './observer.ts';

/** What a group runner needs. */
export interface GroupRunnerOptions {
  readonly group: string;
  readonly membership: Membership;
  readonly clock: Clock;
  readonly observer: RuntimeObserver;
  /** ms between heartbeats; a fraction of the lease's life. */
  readonly heartbeatEvery: number;
  /** Works on a partition until the signal aborts or the partition is taken over. */
  readonly work: (lease: Lease, signal: AbortSignal) => Promise<void>;
}

interface Running {
  readonly lease: Lease;
  readonly stop: AbortController;
  readonly ended: Promise<void>;
}

/** Runs until `signal` aborts. Rejects when the work fails in a way that only a person can heal. */
export async function runGroup(options: GroupRunnerOptions, signal: AbortSignal): Promise<void> {
  const { membership, clock, observer, group } = options;
  const running = new Map<number, Running>();
  const failure = new AbortController();
  const either = AbortSignal.any([signal, failure.signal]);
  const start = (lease: Lease): void => {
    const stop = new AbortController();
    const ended = options
      .work(lease, AbortSignal.any([stop.signal, either]))
      .catch((error: unknown) => {
        if (!hasCode(error, 'FENCED')) failure.abort(error);
      })
      .finally(() => {
        if (running.get(lease.partition)?.stop === stop) running.delete(lease.partition);
      });
    running.set(lease.partition, { lease, stop, ended });
  };

  const releasing = new Map<number, Promise<void>>();
  const release = (lease: Lease): void => {
    if (releasing.has(lease.partition)) return;
    const released = (running.get(lease.partition)?.ended ?? Promise.resolve())
      .then(() => membership.release(lease))
      .catch((error: unknown) => observer.failed(lease, error))
      .finally(() => releasing.delete(lease.partition));
    releasing.set(lease.partition, released);
  };

  let seen = '';
  while (!either.aborted) {
    try {
      const { leases, release: surplus } = await membership.heartbeat();
      const kept = leases.filter(
        (lease) => !releasing.has(lease.partition) && !surplus.some((other) => other.partition === lease.partition),
      );
      for (const work of running.values()) {
        const current = kept.find((lease) => lease.partition === work.lease.partition);
        if (current?.generation !== work.lease.generation) work.stop.abort();
      }
      for (const lease of surplus) release(lease);
      for (const lease of kept) if (!running.has(lease.partition)) start(lease);
      const now = kept.map((lease) => lease.partition).join(',');
      if (now !== seen)
        observer.assigned(
          group,
          kept.map((lease) => lease.partition),
        );
      seen = now;
    } catch (error) {
      observer.failed({ log: '', group, partition: -1, generation: 0 }, error);
    }
    await clock.sleep(options.heartbeatEvery, either);
  }
  await Promise.all([...[...running.values()].map((work) => work.ended), ...releasing.values()]);
  await membership.leave().catch((error: unknown) => {
    observer.failed({ log: '', group, partition: -1, generation: 0 }, error);
  });
  if (failure.signal.aborted) throw failure.signal.reason;
}
