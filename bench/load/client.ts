/** Runs load jobs in a process of their own, so that the client's work is neither slowed by ours nor slows it. */

import { fork } from 'node:child_process';
import { join } from 'node:path';

import type { LoadJob, LoadResult } from './job.ts';

const PROGRAM = join(import.meta.dirname, 'client-process.ts');

interface Report {
  readonly result?: LoadResult;
  readonly error?: string;
}

/** Does a job. @throws Error when the server closes connections, answers what a client cannot count, or `signal` aborts. */
export function runLoad(job: LoadJob, signal: AbortSignal): Promise<LoadResult> {
  return new Promise((resolve, reject) => {
    const child = fork(PROGRAM, [], { execArgv: [], stdio: ['ignore', 'inherit', 'inherit', 'ipc'], signal });
    let report: Report = {};
    child.once('message', (message: Report) => {
      report = message;
      child.kill();
    });
    child.once('error', reject);
    child.once('exit', (code, killed) => {
      if (report.result !== undefined) resolve(report.result);
      else reject(new Error(`the load client failed: ${report.error ?? `ended with ${killed ?? code ?? 'nothing'}`}`));
    });
    child.send(job);
  });
}
