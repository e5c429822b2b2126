/** Processes that send notifications, to be killed. */

import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

const CHILD = fileURLToPath(new URL('./notifier-child.ts', import.meta.url));

/** Of the webhooks that the process signs. */
export const SECRET = Buffer.alloc(32, 7);

export class NotifierProcess {
  readonly #child: ChildProcess;
  readonly #ended: Promise<unknown>;

  constructor(database: string, receiver: string, sendWithin: number) {
    this.#child = spawn(process.execPath, [CHILD, database, receiver, String(sendWithin)], { stdio: ['ignore', 'inherit', 'inherit'] });
    this.#ended = once(this.#child, 'exit');
  }

  /** Ends it between two instructions. */
  async kill(): Promise<void> {
    this.#child.kill('SIGKILL');
    await this.#ended;
  }

  /** Lets it end what it has in hand. */
  async stop(): Promise<void> {
    this.#child.kill('SIGTERM');
    await this.#ended;
  }
}
