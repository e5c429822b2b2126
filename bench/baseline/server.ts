/** Starts and stops the baseline server. */

import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';

const PROGRAM = join(import.meta.dirname, 'server-process.ts');

export interface BaselineServer {
  readonly port: number;
  stop(): Promise<void>;
}

export async function startBaseline(): Promise<BaselineServer> {
  const child = fork(PROGRAM, [], { execArgv: [], stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
  const exited = once(child, 'exit');
  const [message] = (await Promise.race([once(child, 'message'), exited])) as [{ port?: number } | number | null];
  if (typeof message !== 'object' || message?.port === undefined) throw new Error('the baseline server did not start');
  return {
    port: message.port,
    stop: async () => {
      child.kill();
      await exited;
    },
  };
}
