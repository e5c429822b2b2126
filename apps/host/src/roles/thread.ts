/** The entry of a worker thread: runs one role until it is told to stop. */

import { readlinkSync } from 'node:fs';
import { constants, setPriority } from 'node:os';
import { basename } from 'node:path';
import { parentPort, workerData } from 'node:worker_threads';

import { isRetryable } from '@kidjamo/stream';

import type { Role, RoleSettings } from './context.ts';
import { runForeignRole } from './foreign-role.ts';
import { runLakeRole } from './lake-role.ts';
import { Meter } from './meter.ts';
import { runRelayRole } from './relay-role.ts';
import { runTaskRole } from './task-role.ts';

/** What a thread is started with. */
export interface ThreadData {
  readonly role: Role;
  readonly settings: RoleSettings;
}

const RUN = { task: runTaskRole, lake: runLakeRole, relay: runRelayRole, foreign: runForeignRole } as const;

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
  await RUN[role](settings, meter, stop.signal);
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
