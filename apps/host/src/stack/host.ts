/** One process: the gateway in the main thread or not, and the roles asked for, each in a thread of its own. */

import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';

import { Registry } from 'prom-client';

import { kafkaUse } from '../config/kafka.ts';
import type { KafkaUse } from '../config/kafka.ts';
import { autoEnroll } from '../config/settings.ts';
import type { Settings } from '../config/settings.ts';
import type { Role, RoleSettings } from '../roles/context.ts';
import { startGateway } from '../roles/gateway-role.ts';
import { Meter } from '../roles/meter.ts';
import { ThreadMetrics } from '../roles/thread-metrics.ts';
import { RoleThread } from '../roles/threads.ts';
import { startWorkerServer } from '../roles/worker-server.ts';
import { openStack } from './stack.ts';
import type { Stack, StackOptions } from './stack.ts';
import { makeTopics } from './topics.ts';

export interface Host {
  readonly stack: Stack;
  /** Where the gateway listens, or, without one, where health and metrics are. */
  readonly apiUrl: string;
  /** Stops accepting, ends what is in hand, stops the threads and what this process started. */
  stop(): Promise<void>;
}

/** What runs in the process. */
export interface HostOptions extends StackOptions {
  /** Gateway, read API and live page; true when absent. */
  readonly gateway?: boolean;
  /** All when absent. */
  readonly roles?: readonly Role[];
  /** Make the topics of Kafka that are missing; false when absent. */
  readonly topics?: boolean;
}

/** What needs Kafka. */
const ON_KAFKA: readonly Role[] = ['relay', 'foreign'];
const ALL: readonly Role[] = ['task', 'lake', ...ON_KAFKA];

/** Starts everything, in the order in which each part needs the one before. */
export async function startHost(options: HostOptions): Promise<Host> {
  const { settings, logger } = options;
  const kafka = await kafkaUse(settings);
  const stack = await openStack(options);
  const threads: RoleThread[] = [];
  const registry = new Registry();
  const metrics = new ThreadMetrics(registry);
  const stop = new AbortController();
  try {
    const role = await roleSettings(stack, settings, kafka);
    if (kafka !== undefined && options.topics === true) await makeTopics({ settings, kafka, logger }, stop.signal);
    const restarts = (): number => threads.reduce((sum, thread) => sum + thread.restarts, 0);
    const front =
      options.gateway === false
        ? await startWorkerServer({ settings, registry, logger, restarts })
        : await startGateway({ stack, settings, role, logger, registry, restarts });
    void new Meter().run((report) => metrics.take('main', report), stop.signal);
    const possible = ALL.filter((each) => (each !== 'lake' || stack.lakeUsable) && (kafka !== undefined || !ON_KAFKA.includes(each)));
    const wanted = options.roles ?? ALL;
    for (const each of possible.filter((one) => wanted.includes(one))) {
      threads.push(new RoleThread({ role: each, settings: role }, { logger, metrics }));
    }
    if (options.gateway !== false) await stack.announce(front.apiUrl);
    return {
      stack,
      apiUrl: front.apiUrl,
      stop: async () => {
        stop.abort();
        await front.stop();
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

async function roleSettings(stack: Stack, settings: Settings, kafka: KafkaUse | undefined): Promise<RoleSettings> {
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
    autoEnroll: autoEnroll(settings),
    diskReserve: settings.KIDJAMO_DISK_RESERVE_MB * 2 ** 20,
    keys: {
      quarantine: stack.keys.quarantine,
      lake: stack.keys.pseudonym.lake,
      topics: stack.keys.pseudonym.topics,
      sealed: stack.keys.sealed,
    },
    ...(kafka === undefined ? {} : { kafka }),
  };
}
