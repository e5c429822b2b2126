/** One process: the gateway in the main thread or not, and the roles asked for, all but the notifier in a thread of their own. */

import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';

import { Registry } from 'prom-client';

import { kafkaUse } from '../config/kafka.ts';
import type { KafkaUse } from '../config/kafka.ts';
import { notifyUse } from '../config/notify.ts';
import type { NotifyUse } from '../config/notify.ts';
import { autoEnroll } from '../config/settings.ts';
import type { Settings } from '../config/settings.ts';
import type { Role, RoleSettings } from '../roles/context.ts';
import { startGateway } from '../roles/gateway-role.ts';
import { Meter } from '../roles/meter.ts';
import { ThreadMetrics } from '../roles/thread-metrics.ts';
import { ResidentRole } from '../roles/resident.ts';
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
const ALL: readonly Role[] = ['task', 'notifier', 'lake', ...ON_KAFKA];

/** Starts everything, in the order in which each part needs the one before. */
export async function startHost(options: HostOptions): Promise<Host> {
  const { settings, logger } = options;
  const kafka = await kafkaUse(settings);
  const notify = await notifyUse(settings);
  const stack = await openStack(options);
  const roles: (RoleThread | ResidentRole)[] = [];
  const registry = new Registry();
  const metrics = new ThreadMetrics(registry);
  const stop = new AbortController();
  try {
    const role = await roleSettings(stack, settings, { kafka, notify });
    if (kafka !== undefined && options.topics === true) await makeTopics({ settings, kafka, logger }, stop.signal);
    const restarts = (): number => roles.reduce((sum, each) => sum + each.restarts, 0);
    const front =
      options.gateway === false
        ? await startWorkerServer({ settings, registry, logger, restarts })
        : await startGateway({ stack, settings, role, logger, registry, restarts });
    const meter = new Meter();
    void meter.run((report) => metrics.take('main', report), stop.signal);
    const possible = ALL.filter((each) => (each !== 'lake' || stack.lakeUsable) && (kafka !== undefined || !ON_KAFKA.includes(each)));
    const wanted = options.roles ?? ALL;
    const told = linked(role, settings, options.gateway === false ? undefined : front.apiUrl);
    for (const each of possible.filter((one) => wanted.includes(one))) {
      if (each !== 'notifier') roles.push(new RoleThread({ role: each, settings: told }, { logger, metrics }));
      else {
        const { runNotifierRole } = await import('../roles/notifier-role.ts');
        roles.push(new ResidentRole(each, (signal) => runNotifierRole(told, meter, signal), logger));
      }
    }
    if (options.gateway !== false) await stack.announce(front.apiUrl);
    return {
      stack,
      apiUrl: front.apiUrl,
      stop: async () => {
        stop.abort();
        await front.stop();
        await Promise.all(roles.map((each) => each.stop()));
        await stack.close();
      },
    };
  } catch (error) {
    stop.abort();
    await Promise.all(roles.map((each) => each.stop()));
    await stack.close();
    throw error;
  }
}

/** With the address that links in messages lead to: the one set, or that of the gateway on this machine. */
function linked(role: RoleSettings, settings: Settings, gateway: string | undefined): RoleSettings {
  if (role.notify.publicUrl !== '') return role;
  return { ...role, notify: { ...role.notify, publicUrl: gateway ?? `http://${settings.API_HOST}:${settings.API_PORT}` } };
}

interface Uses {
  readonly kafka: KafkaUse | undefined;
  readonly notify: NotifyUse;
}

async function roleSettings(stack: Stack, settings: Settings, { kafka, notify }: Uses): Promise<RoleSettings> {
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
    notify,
  };
}
