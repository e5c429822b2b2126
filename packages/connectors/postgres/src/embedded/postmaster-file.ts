/** postmaster.pid, which a server writes into its data folder while it runs, and which one that was killed leaves behind. */

import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';

import { KidjamoError } from '@kidjamo/stream';

import { processStart } from './process-table.ts';
import type { ProcessIdentity } from './process-table.ts';
import { servesHere, serverProcesses } from './server-processes.ts';
import type { ServerPlace } from './server-processes.ts';

/** A server that runs on a data folder, as far as its file and the system tell. */
export interface FoundServer {
  readonly process: ProcessIdentity;
  /** Undefined in the first moments. */
  readonly port: number | undefined;
  /** `starting` includes the replay of its log; `stopping` ends with the process. */
  readonly status: 'starting' | 'ready' | 'stopping';
}

/** The server that runs on a data folder; undefined when none does. */
export async function readServer(place: ServerPlace): Promise<FoundServer | undefined> {
  const lines = await readLines(place.dataFolder);
  const pid = pidIn(lines);
  if (pid === undefined) return undefined;
  const start = processStart(pid);
  if (start === undefined) return undefined;
  if (!(await servesHere(pid, place))) return undefined;
  const port = Number(lines?.[3]);
  const status = lines?.[7];
  return {
    process: { pid, start },
    port: Number.isInteger(port) && port > 0 ? port : undefined,
    status: status === 'ready' || status === 'stopping' ? status : 'starting',
  };
}

/** Whether the server `pid` has said that it takes connections. Cheaper than {@link readServer}, for one's own child. */
export async function isReady(dataFolder: string, pid: number | undefined): Promise<boolean> {
  const lines = await readLines(dataFolder);
  return pidIn(lines) === pid && lines?.[7] === 'ready';
}

/**
 * Removes a file that PostgreSQL would take for that of a running server although none runs: one that is empty (killed before it was
 * written), or whose pid now belongs to a zombie or a stranger. A file with a dead pid stays: PostgreSQL checks more with it.
 */
export async function removeMisleadingFile(place: ServerPlace): Promise<void> {
  const lines = await readLines(place.dataFolder);
  if (lines === undefined) return;
  const pid = pidIn(lines);
  const processes = await serverProcesses(place);
  const misleading = pid === undefined || (exists(pid) && processes?.length === 0);
  if (misleading) await rm(join(place.dataFolder, 'postmaster.pid'), { force: true });
}

/** Lines: pid, data folder, start, port, socket folder, address, shared memory, status. */
async function readLines(dataFolder: string): Promise<string[] | undefined> {
  try {
    const text = await readFile(join(dataFolder, 'postmaster.pid'), 'utf8');
    return text.split('\n').map((line) => line.trim());
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw new KidjamoError(
      'DATABASE_START',
      `postmaster.pid in ${dataFolder} cannot be read. Remedy: start Kidjamo as the owner of that folder`,
      {
        cause: error,
      },
    );
  }
}

function pidIn(lines: readonly string[] | undefined): number | undefined {
  // Negative for a server in single-user mode.
  const pid = Math.abs(Number(lines?.[0]));
  return Number.isInteger(pid) && pid > 0 ? pid : undefined;
}

function exists(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
