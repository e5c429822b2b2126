/** A file of recorded readings through the front door into an empty home, until the task has processed all and the lake has it. */

import type { FigureId } from '../report/figures.ts';
import { Instance } from '../system/instance.ts';
import { runJson } from '../system/kidjamo.ts';
import { Ledger } from '../system/ledger.ts';
import { reconcile } from '../system/reconcile.ts';
import type { Context } from './context.ts';
import type { Recording } from './recording.ts';

const ENDS_WITHIN_MS = 600_000;

/** Replays both orders, each into a home of its own. */
export async function measureReplay(context: Context, recording: Recording): Promise<void> {
  await replay(context, recording.readings, { name: 'replay', file: recording.file, figure: 'replay_file' });
  await replay(context, recording.readings, { name: 'replay by t', file: recording.sorted, figure: 'replay_sorted' });
}

async function replay(context: Context, readings: number, of: { name: string; file: string; figure: FigureId }): Promise<void> {
  const { results, run, say, signal } = context;
  const instance = await Instance.start();
  try {
    const ledger = await Ledger.open(instance.databaseUrl);
    try {
      const before = await ledger.outcomes();
      const began = performance.now();
      const { code, value } = await runJson(instance.home, ['replay', of.file, '--fresh'], {
        signal: AbortSignal.any([signal, AbortSignal.timeout(ENDS_WITHIN_MS)]),
      });
      // The command has waited for task and lake; this sees for itself, and adds what is left.
      await ledger.allDrained(() => instance.flush());
      const seconds = (performance.now() - began) / 1000;
      const acknowledged = Number(value['acknowledged']);
      if (code !== 0 || acknowledged !== readings)
        throw new Error(`the replay ended with ${code}: ${acknowledged} of ${readings} readings were acknowledged`);
      const sum = reconcile(`${of.name}, run ${run}`, acknowledged, { before, after: await ledger.outcomes() });
      results.reconciliations.push(sum);
      results.add(of.figure, readings / seconds);
      say(`${of.name}: ${Math.round(readings / seconds)} readings/s; ${sum.balanced ? 'sums are equal' : 'SUMS ARE NOT EQUAL'}`);
    } finally {
      await ledger.close();
    }
  } finally {
    await instance.stop();
  }
}
