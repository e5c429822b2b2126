/** `instance.json`: what other commands need to know of the instance that runs on a home. It holds the database's password. */

import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';

import { isRunning, thisProcess } from '@kidjamo/connector-postgres';

import { replaceFile } from './atomic-file.ts';

/** A running instance. */
export interface Instance {
  readonly pid: number;
  /** Address of the gateway. */
  readonly api_url: string;
  readonly database_url: string;
  /** ISO 8601, UTC. */
  readonly started_at: string;
  readonly version: string;
}

interface StoredInstance extends Instance {
  /** Tells a later process with the same pid apart. */
  readonly process_start: string;
}

/** Describes this process as the instance of a home. */
export async function writeInstance(home: string, instance: Omit<Instance, 'pid'>): Promise<void> {
  const { pid, start } = thisProcess();
  const stored: StoredInstance = { pid, process_start: start, ...instance };
  await replaceFile(fileOf(home), `${JSON.stringify(stored, undefined, 2)}\n`);
}

/** The instance that runs on a home; null when none does, whatever a process that was killed left behind. */
export async function readInstance(home: string): Promise<Instance | null> {
  const text = await readFile(fileOf(home), 'utf8').catch((error: unknown) => {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  });
  if (text === undefined) return null;
  const { process_start: start, ...instance } = JSON.parse(text) as StoredInstance;
  return isRunning({ pid: instance.pid, start }) ? instance : null;
}

/** Takes the description away, when the instance stops. */
export async function removeInstance(home: string): Promise<void> {
  await rm(fileOf(home), { force: true });
}

function fileOf(home: string): string {
  return join(home, 'instance.json');
}
