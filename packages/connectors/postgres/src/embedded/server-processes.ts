/**
 * The processes of PostgreSQL at work in a data folder. A server that was killed leaves children behind, and a pid file that by now may
 * name a stranger: both are told by the working folder, which for every process of a server is its data folder.
 */

import { readFileSync } from 'node:fs';

import type { Clock } from '@kidjamo/stream';

import type { ProcessIdentity } from './process-table.ts';
import { processStart } from './process-table.ts';
import { run } from './server-user.ts';
import type { ServerUser } from './server-user.ts';

/** The data folder of a server and the user that it runs as, who owns that folder. */
export interface ServerPlace {
  readonly dataFolder: string;
  readonly user: ServerUser | undefined;
}

/** How long processes of a dead server are given to end by themselves; they notice its death at once unless they are computing. */
const ORPHAN_GRACE_MS = 2000;
const POLL_MS = 20;

/** The server's processes; undefined where the system does not tell (outside Linux, or without /proc). */
export async function serverProcesses(place: ServerPlace): Promise<ProcessIdentity[] | undefined> {
  if (process.platform !== 'linux' || processStart(process.pid) === undefined) return undefined;
  // Asked as the server's user: in containers, root may lack the right to look into the processes of others.
  const { output } = await run('/bin/sh', ['-c', 'ls -ld /proc/[0-9]*/cwd 2>/dev/null'], place.user);
  const found: ProcessIdentity[] = [];
  for (const line of output.split('\n')) {
    const [, pid, folder] = /\/proc\/(\d+)\/cwd -> (.*)$/.exec(line) ?? [];
    if (folder !== place.dataFolder || nameOf(Number(pid)) !== 'postgres') continue;
    const start = processStart(Number(pid));
    if (start !== undefined) found.push({ pid: Number(pid), start });
  }
  return found;
}

/** Whether the process is a server of this data folder. A pid that was given to a stranger meanwhile is not. */
export async function servesHere(pid: number, place: ServerPlace): Promise<boolean> {
  const processes = await serverProcesses(place);
  if (processes !== undefined) return processes.some((each) => each.pid === pid);
  // A server names its data folder on its command line.
  const { code, output } = await run('ps', ['-o', 'args=', '-p', String(pid)]);
  return code === 0 && output.includes('postgres') && output.includes(place.dataFolder);
}

/** Ends what a dead server left behind. Its data is safe: the next start replays the log. */
export async function endOrphans(place: ServerPlace, clock: Clock): Promise<void> {
  const deadline = clock.now() + ORPHAN_GRACE_MS;
  for (let orphans = await serverProcesses(place); orphans !== undefined && orphans.length > 0; orphans = await serverProcesses(place)) {
    if (clock.now() >= deadline) for (const { pid } of orphans) sendSignal(pid, 'SIGKILL');
    await clock.sleep(POLL_MS);
  }
}

/** Sends a signal to a process that may just have ended. */
export function sendSignal(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

function nameOf(pid: number): string | undefined {
  try {
    return readFileSync(`/proc/${pid}/comm`, 'utf8').trim();
  } catch {
    // It ended in the meantime.
    return undefined;
  }
}
