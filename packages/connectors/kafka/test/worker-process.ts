/** Worker processes of a test, and what they say. */
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { EventEmitter, once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

import type { WorkerOrders, WorkerSaid } from './worker-child.ts';

const CHILD = fileURLToPath(new URL('worker-child.ts', import.meta.url));

export class WorkerProcess {
  readonly said: WorkerSaid[] = [];
  readonly #child: ChildProcess;
  readonly #news = new EventEmitter();

  constructor(orders: WorkerOrders) {
    this.#child = spawn(process.execPath, [CHILD, JSON.stringify(orders)], { stdio: ['pipe', 'pipe', 'inherit'] });
    this.#news.setMaxListeners(0);
    const { stdout } = this.#child;
    if (stdout === null) throw new Error('a child without standard output');
    createInterface({ input: stdout }).on('line', (line) => {
      this.said.push(JSON.parse(line) as WorkerSaid);
      this.#news.emit('news');
    });
    this.#child.on('exit', () => this.#news.emit('news'));
  }

  /** The partitions it had when it last spoke of them. */
  get partitions(): readonly number[] {
    return this.said.findLast((said) => said.partitions !== undefined)?.partitions ?? [];
  }

  /** Resolves once `holds` does, asked at each thing it says. */
  async until(holds: () => boolean): Promise<void> {
    while (!holds()) {
      if (this.#child.exitCode !== null) throw new Error(`a worker ended with ${this.#child.exitCode}: ${JSON.stringify(this.said)}`);
      await once(this.#news, 'news');
    }
  }

  signal(name: 'SIGCONT' | 'SIGSTOP'): void {
    this.#child.kill(name);
  }

  /** Ends it, and waits until it has. */
  async end(how: 'SIGTERM' | 'SIGKILL' = 'SIGTERM'): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const exited = once(this.#child, 'exit');
    this.#child.kill(how);
    await exited;
  }
}
