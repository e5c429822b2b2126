/** How long partitions rest when a worker joins and when one dies, with a backlog on all of them. */

import type { ChildProcess } from 'node:child_process';

import { end } from '../system/instance.ts';
import type { KafkaContext, Prepared } from './context.ts';
import { handover } from './handover.ts';
import type { Handover } from './handover.ts';
import { allOwned, committed, owners, Positions } from './positions.ts';
import { startWorker } from './workers.ts';

const NAME = 'bench_rebalance';
/** Part of the records that the first worker has consumed before another joins: it is warm then, and enough is left. */
const WARM = 0.1;

/** Starts a worker beside one that is at work, and kills it when it has its share. */
export async function measureRebalance(context: KafkaContext, prepared: Prepared): Promise<void> {
  const { databases, results, say, signal } = context;
  const databaseUrl = await databases.copy(prepared.before, NAME);
  const children: ChildProcess[] = [];
  const worker = (): ChildProcess => {
    const child = startWorker(context, databaseUrl);
    children.push(child);
    return child;
  };
  const positions = await Positions.open(databaseUrl, signal);
  try {
    worker();
    await positions.until((seen) => (allOwned(seen) && committed(seen, prepared.ends) > prepared.records * WARM ? seen : undefined));
    const join = await timed(positions, worker);
    await positions.until((seen) => (owners(seen) === 2 && allOwned(seen) ? seen : undefined));
    const kill = await timed(positions, () => children.at(-1)?.kill('SIGKILL'));
    results.add('join_first', join.processed);
    results.add('join_handover', join.processed - join.given);
    results.add('kill_first', kill.processed);
    results.add('kill_claimed', kill.claimed);
    const [joined, killed] = [join.processed.toFixed(1), kill.processed.toFixed(1)];
    say(`rebalance: a new worker's first record after ${joined} s; partitions of a killed one go on after ${killed} s`);
  } finally {
    await Promise.all(children.map((child) => end(child)));
    await positions.close();
    await databases.drop(NAME);
  }
}

/** Changes the group, and waits for the first record of a new owner. Times are s since the change. */
async function timed(positions: Positions, change: () => unknown): Promise<Record<keyof Handover, number>> {
  const from = positions.seen.length - 1;
  const began = performance.now() / 1000;
  change();
  const {
    given = Number.NaN,
    claimed = Number.NaN,
    processed,
  } = await positions.until(() => {
    const happened = handover(positions.seen.slice(from));
    return happened.processed === undefined ? undefined : { ...happened, processed: happened.processed };
  });
  return { given: given - began, claimed: claimed - began, processed: processed - began };
}
