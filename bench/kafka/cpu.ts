/** Processor time of processes and of all that they started. */

import { readdir, readFile } from 'node:fs/promises';
import { platform } from 'node:os';

/** `sysconf(_SC_CLK_TCK)` of Linux. */
const TICKS_PER_SECOND = 100;

interface Times {
  readonly parent: number;
  /** Own time, and that of children that have ended, s. */
  readonly seconds: number;
}

/** Processor time so far of these processes and their descendants, s; NaN where the system does not tell. */
export async function cpuSeconds(roots: readonly number[]): Promise<number> {
  if (platform() !== 'linux') return Number.NaN;
  const all = new Map<number, Times>();
  for (const name of await readdir('/proc')) {
    const times = /^\d+$/.test(name) ? await timesOf(name) : undefined;
    if (times !== undefined) all.set(Number(name), times);
  }
  const belongs = (pid: number): boolean => {
    for (let at: number | undefined = pid; at !== undefined && at > 1; at = all.get(at)?.parent) if (roots.includes(at)) return true;
    return false;
  };
  return [...all].filter(([pid]) => belongs(pid)).reduce((sum, [, { seconds }]) => sum + seconds, 0);
}

async function timesOf(pid: string): Promise<Times | undefined> {
  // A process that has ended since it was listed.
  const text = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => undefined);
  if (text === undefined) return undefined;
  // The name, in brackets, may hold anything. Fields behind it: proc(5).
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  const ticks = [11, 12, 13, 14].reduce((sum, field) => sum + Number(fields[field]), 0);
  return { parent: Number(fields[1]), seconds: ticks / TICKS_PER_SECOND };
}
