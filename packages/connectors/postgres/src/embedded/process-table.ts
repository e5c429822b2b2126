/**
 * What the operating system says of a process. A pid alone proves nothing, since pids are reused: a process is known by its pid and the
 * moment it started.
 */

import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

/** A process, told apart from a later one that was given the same pid. */
export interface ProcessIdentity {
  readonly pid: number;
  /** An opaque text that names the moment of its start. */
  readonly start: string;
}

/**
 * When the process started, as an opaque text; undefined when it does not run. A zombie does not run: it holds its pid and nothing else.
 */
export function processStart(pid: number): string | undefined {
  return process.platform === 'linux' ? startFromProc(pid) : startFromPs(pid);
}

/** This process. */
export function thisProcess(): ProcessIdentity {
  return { pid: process.pid, start: processStart(process.pid) ?? 'unknown' };
}

/** Tells whether that very process still runs. */
export function isRunning(identity: ProcessIdentity): boolean {
  return processStart(identity.pid) === identity.start;
}

function startFromProc(pid: number): string | undefined {
  let stat: string;
  try {
    stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  } catch {
    return undefined;
  }
  // The name, in parentheses, may hold spaces and parentheses: fields are counted from the last one. State is field 3, start field 22.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const state = fields[0];
  const ticks = fields[19];
  if (ticks === undefined || state === 'Z' || state === 'X') return undefined;
  // Ticks count from the start of the machine, so the machine's start belongs to it.
  return `${bootId()}-${ticks}`;
}

function bootId(): string {
  return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').slice(0, 8);
}

function startFromPs(pid: number): string | undefined {
  try {
    const line = execFileSync('ps', ['-o', 'stat=,lstart=', '-p', String(pid)], {
      encoding: 'utf8',
      env: { PATH: process.env['PATH'] ?? '/bin:/usr/bin', LC_ALL: 'C', TZ: 'UTC' },
      stdio: ['ignore', 'pipe', 'ignore'],
    }).trim();
    return line === '' || line.startsWith('Z') ? undefined : line.replace(/^\S+\s+/, '').replaceAll(/[^A-Za-z0-9]+/g, '-');
  } catch {
    // ps ends with 1 when there is no such process.
    return undefined;
  }
}
