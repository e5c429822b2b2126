/** Runs the bare loop on a database of its own. */

import { fork } from 'node:child_process';
import { join } from 'node:path';

import type { BaselineJob, BaselineResult } from './baseline-process.ts';
import type { KafkaContext, Prepared } from './context.ts';
import { cpuSeconds } from './cpu.ts';
import { steadyRate, wholeRate } from './rate.ts';

const PROGRAM = join(import.meta.dirname, 'baseline-process.ts');
const NAME = 'bench_bare';

/** How fast the bare loop is, readings/s, and the processor time of everything, s. */
export interface Bare {
  readonly whole: number;
  readonly steady: number;
  readonly cpu: number;
}

export async function measureBaseline(context: KafkaContext, prepared: Prepared, loops: number): Promise<Bare> {
  const { broker, databases, signal, say } = context;
  const databaseUrl = await databases.copy(prepared.empty, NAME);
  try {
    const others = [databases.pid, ...broker.pids];
    const before = await cpuSeconds(others);
    const { looks, cpu } = await run({ servers: broker.servers, databaseUrl, ends: prepared.ends, rows: prepared.rows, loops }, signal);
    const total = prepared.rows.rows;
    const bare = { whole: wholeRate(looks, total, 0), steady: steadyRate(looks, total), cpu: cpu + (await cpuSeconds(others)) - before };
    say(
      `${loops === 1 ? 'bare loop' : `${loops} bare loops`}: ${Math.round(bare.whole)} readings/s, in full swing ${Math.round(bare.steady)}`,
    );
    return bare;
  } finally {
    await databases.drop(NAME);
  }
}

function run(job: BaselineJob, signal: AbortSignal): Promise<BaselineResult> {
  return new Promise((resolve, reject) => {
    const child = fork(PROGRAM, [], { execArgv: [], stdio: ['ignore', 'inherit', 'inherit', 'ipc'], signal });
    let report: { result?: BaselineResult; error?: string } = {};
    child.once('message', (message: typeof report) => {
      report = message;
      child.kill();
    });
    child.once('error', reject);
    child.once('exit', (code, killed) => {
      if (report.result !== undefined) resolve(report.result);
      else reject(new Error(`the bare loop failed: ${report.error ?? `ended with ${killed ?? code ?? 'nothing'}`}`));
    });
    child.send(job);
  });
}
