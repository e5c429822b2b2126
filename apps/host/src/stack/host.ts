/** One process with everything in it: the gateway in the main thread, the task and the lake in threads of their own. */

import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';

import { Registry } from 'prom-client';

import { startGateway } from '../roles/gateway-role.ts';
import type { RoleSettings } from '../roles/context.ts';
import { Meter } from '../roles/meter.ts';
import { ThreadMetrics } from '../roles/thread-metrics.ts';
import { RoleThread } from '../roles/threads.ts';
import type { Settings } from '../config/settings.ts';
import { openStack } from './stack.ts';
import type { Stack, StackOptions } from './stack.ts';

export interface Host {
  readonly stack: Stack;
  readonly apiUrl: string;
  /** Stops accepting, ends what is in hand, stops the threads and what this process started. */
  stop(): Promise<void>;
}

/** Starts everything, in the order in which each part needs the one before. */
export async function startHost(options: StackOptions): Promise<Host> {
  const { settings, logger } = options;
  const stack = await openStack(options);
  const threads: RoleThread[] = [];
  const registry = new Registry();
  const metrics = new ThreadMetrics(registry);
  const stop = new AbortController();
  try {
    const role = await roleSettings(stack, settings);
    const gateway = await startGateway({
      stack,
      settings,
      role,
      logger,
      registry,
      restarts: () => threads.reduce((sum, thread) => sum + thread.restarts, 0),
    });
    void new Meter().run((report) => metrics.take('main', report), stop.signal);
    threads.push(new RoleThread({ role: 'task', settings: role }, { logger, metrics }));
    if (stack.lakeUsable) threads.push(new RoleThread({ role: 'lake', settings: role }, { logger, metrics }));
    await stack.announce(gateway.apiUrl);
    return {
      stack,
      apiUrl: gateway.apiUrl,
      stop: async () => {
        stop.abort();
        await gateway.stop();
        await Promise.all(threads.map((thread) => thread.stop()));
        await stack.close();
      },
    };
  } catch (error) {
    stop.abort();
    await Promise.all(threads.map((thread) => thread.stop()));
    await stack.close();
    throw error;
  }
}

async function roleSettings(stack: Stack, settings: Settings): Promise<RoleSettings> {
  const scratch = join(stack.home, 'scratch');
  await mkdir(scratch, { recursive: true, mode: 0o700 });
  return {
    databaseUrl: stack.databaseUrl,
    partitions: settings.KIDJAMO_PARTITIONS,
    leaseMs: settings.KIDJAMO_LEASE_MS,
    lakeRoot: stack.lakeRoot,
    lakeDelayMs: settings.KIDJAMO_LAKE_DELAY_MS,
    scratch,
    logLevel: settings.KIDJAMO_LOG_LEVEL,
    keys: { quarantine: stack.keys.quarantine, lake: stack.keys.pseudonym.lake },
  };
}
