/** The entry of a worker thread: runs one role until it is told to stop. */

import { readlinkSync } from 'node:fs';
import { constants, setPriority } from 'node:os';
import { basename } from 'node:path';
import { parentPort, workerData } from 'node:worker_threads';

import { isRetryable } from '@kidjamo/stream';

import type { RoleSettings, ThreadedRole } from './context.ts';
import { Meter } from './meter.ts';

/** What a thread is started with. */
export interface ThreadData {
  readonly role: ThreadedRole;
  readonly settings: RoleSettings;
}

type Run = (settings: RoleSettings, meter: Meter, signal: AbortSignal) => Promise<void>;

/** A thread loads what its own role needs: DuckDB and the client of Kafka are large. */
const LOAD: Readonly<Record<ThreadedRole, () => Promise<Run>>> = {
  task: async () => (await import('./task-role.ts')).runTaskRole,
  lake: async () => (await import('./lake-role.ts')).runLakeRole,
  relay: async () => (await import('./relay-role.ts')).runRelayRole,
  foreign: async () => (await import('./foreign-role.ts')).runForeignRole,
};

const stop = new AbortController();
parentPort?.on('message', (message: unknown) => {
  if (message === 'stop') stop.abort();
});

// The parent passes exactly this; it is the only one that starts this file.
const { role, settings } = workerData as ThreadData;
if (role === 'lake' && process.platform === 'linux') yieldToOthers();
const meter = new Meter();
const done = new AbortController();
const reporting = meter.run((report) => parentPort?.postMessage(report), AbortSignal.any([stop.signal, done.signal]));
try {
  const run = await LOAD[role]();
  await run(settings, meter, stop.signal);
} catch (error) {
  // Told to stop while it still waited for Kafka or the database: there is nothing to end, and nothing went wrong.
  if (!(stop.signal.aborted && isRetryable(error))) throw error;
}
done.abort();
await reporting;
parentPort?.close();

/** History can wait: where processors are scarce, this thread leaves them to whoever takes readings in and raises alarms. */
function yieldToOthers(): void {
  // On Linux a thread has a priority of its own, under its own id.
  setPriority(Number(basename(readlinkSync('/proc/thread-self'))), constants.priority.PRIORITY_LOW);
}
