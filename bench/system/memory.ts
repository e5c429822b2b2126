/** Resident memory of a process. */

import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';

const execute = promisify(execFile);
const KIB = 1024;

/** Resident memory of a process, bytes: from /proc where there is one, else from `ps`. */
async function residentBytes(pid: number): Promise<number> {
  if (process.platform === 'linux') {
    const status = await readFile(`/proc/${pid}/status`, 'utf8');
    return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1] ?? Number.NaN) * KIB;
  }
  const { stdout } = await execute('ps', ['-o', 'rss=', '-p', String(pid)]);
  return Number(stdout.trim()) * KIB;
}

/** Memory at a time. */
export interface MemorySample {
  /** Minutes since the first sample. */
  readonly minutes: number;
  readonly bytes: number;
}

/** Looks at a process's memory each second until stopped. */
export class MemoryWatch {
  readonly samples: MemorySample[] = [];
  readonly #pid: number;
  readonly #timer: NodeJS.Timeout;
  readonly #began = performance.now();
  #failure: unknown;

  constructor(pid: number) {
    this.#pid = pid;
    this.#timer = setInterval(() => void this.#look(), 1000);
  }

  /** The samples. @throws what went wrong while looking, such as the end of the process. */
  stop(): readonly MemorySample[] {
    clearInterval(this.#timer);
    if (this.#failure !== undefined) throw new Error('the memory of the process could not be read', { cause: this.#failure });
    return this.samples;
  }

  async #look(): Promise<void> {
    try {
      const bytes = await residentBytes(this.#pid);
      this.samples.push({ minutes: (performance.now() - this.#began) / 60_000, bytes });
    } catch (error) {
      this.#failure = error;
    }
  }
}
