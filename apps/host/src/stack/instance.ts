/** Finds the instance that runs on this home, or runs one for as long as a command needs it. */

import { realpath } from 'node:fs/promises';
import { resolve } from 'node:path';

import type { KafkaConnection } from '@kidjamo/connector-kafka';
import { KidjamoError } from '@kidjamo/stream';
import type { Pool } from 'pg';

import { kafkaUse } from '../config/kafka.ts';
import type { Settings } from '../config/settings.ts';
import { readInstance } from '../home/index.ts';
import { makeLogger } from '../roles/logger.ts';
import { startHost } from './host.ts';
import { patiently } from './database-away.ts';
import { recordedMode } from './input-mode.ts';
import { lakeRoot } from './stack.ts';
import { TopicEnds } from './topic-ends.ts';

/** What a command needs to know. */
export interface Instance {
  readonly home: string;
  readonly apiUrl: string;
  readonly databaseUrl: string;
  readonly lakeRoot: string;
  /** How Kafka is reached, where the settings name it. */
  readonly kafka: KafkaConnection | undefined;
  /** Asks the sinks to write what they hold. */
  readonly flush: () => Promise<void>;
}

/** An instance of another process. */
export interface RunningInstance extends Instance {
  readonly pid: number;
}

/** The instance that runs on the home that the settings name, or undefined. */
export async function findInstance(settings: Settings): Promise<RunningInstance | undefined> {
  const home = await realpath(resolve(settings.KIDJAMO_HOME)).catch(() => undefined);
  const found = home === undefined ? null : await readInstance(home);
  if (home === undefined || found === null) return undefined;
  return {
    home,
    pid: found.pid,
    apiUrl: found.api_url,
    databaseUrl: found.database_url,
    lakeRoot: lakeRoot(settings, home),
    kafka: (await kafkaUse(settings))?.connection,
    flush: () => requestFlush(found.api_url),
  };
}

/**
 * Lends the ends of the topics, where this instance reads them.
 * @throws KidjamoError CONFIG_INVALID when it does, and the settings do not say where Kafka is.
 */
export async function withTopics<T>(instance: Instance, pool: Pool, work: (topics: TopicEnds | undefined) => Promise<T>): Promise<T> {
  const mode = await patiently(() => recordedMode(pool));
  if (mode === undefined || mode === 'embedded') return work(undefined);
  if (instance.kafka === undefined)
    throw new KidjamoError('CONFIG_INVALID', 'this instance reads its input from Kafka: give this command the same KAFKA_* settings');
  const topics = new TopicEnds(instance.kafka);
  try {
    return await work(topics);
  } finally {
    await topics.close();
  }
}

/** Runs `work` against the running instance, or against one started for it and stopped afterwards. */
export async function withInstance<T>(settings: Settings, work: (instance: Instance) => Promise<T>): Promise<T> {
  const running = await findInstance(settings);
  if (running !== undefined) return work(running);
  const logger = makeLogger('host', settings.KIDJAMO_LOG_LEVEL === 'info' ? 'warn' : settings.KIDJAMO_LOG_LEVEL);
  const host = await startHost({
    settings: { ...settings, API_PORT: 0, KIDJAMO_LOG_LEVEL: 'warn' },
    mode: 'own',
    migrate: true,
    topics: true,
    logger,
    env: process.env,
  });
  try {
    return await work({
      home: host.stack.home,
      apiUrl: host.apiUrl,
      databaseUrl: host.stack.databaseUrl,
      lakeRoot: host.stack.lakeRoot,
      kafka: (await kafkaUse(settings))?.connection,
      flush: () => requestFlush(host.apiUrl),
    });
  } finally {
    await host.stop();
  }
}

async function requestFlush(apiUrl: string): Promise<void> {
  try {
    await fetch(`${apiUrl}/admin/flush`, { method: 'POST', signal: AbortSignal.timeout(5000) });
  } catch (error) {
    // The gateway may be restarting; whoever waits for the sinks asks again.
    if (!(error instanceof TypeError || (error instanceof DOMException && error.name === 'TimeoutError'))) throw error;
  }
}
