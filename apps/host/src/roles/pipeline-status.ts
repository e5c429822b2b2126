/** What the gateway tells of the rest: refreshed every second from the database, so that asking costs nothing. */

import { systemClock } from '@kidjamo/stream';
import type { DependencyState, GatewayStatus } from '@kidjamo/vitals';
import type { Pool } from 'pg';
import { Gauge } from 'prom-client';
import type { Registry } from 'prom-client';

import type { DiskGuard } from '../stack/disk-guard.ts';
import { isDatabaseAway } from '../stack/database-away.ts';
import { lagOf, readCounters, readPlaces, sumLags } from '../stack/lag.ts';
import type { GroupLag, Place } from '../stack/lag.ts';
import { NO_ENDS } from '../stack/topic-ends.ts';
import { VITALS_GROUP } from './context.ts';
import type { KafkaStatus } from './kafka-status.ts';
import type { RoleLogger } from './logger.ts';
import { registerRestarts } from './worker-server.ts';

const REFRESH_EVERY = 1000;
/** A task that is this far behind and has not moved for {@link STUCK_AFTER} ms is not ready. */
const STUCK_AFTER = 30_000;

/** What the status is made from. */
export interface PipelineStatusOptions {
  readonly pool: Pool;
  readonly disk: DiskGuard;
  readonly registry: Registry;
  readonly logger: RoleLogger;
  /** How often roles of this process were started again. */
  readonly restarts: () => number;
  /** What is known of Kafka, where it is used. */
  readonly kafka?: KafkaStatus;
  /** State of the ways in beside HTTP, by name. */
  readonly doors?: () => Readonly<Record<string, DependencyState>>;
}

export class PipelineStatus implements GatewayStatus {
  readonly #options: PipelineStatusOptions;
  #processed = 0;
  #places: readonly Place[] = [];
  #lags: readonly GroupLag[] = [];
  #databaseUp = false;
  #taskMoved = systemClock.now();

  constructor(options: PipelineStatusOptions) {
    this.#options = options;
    const { registry } = options;
    const places = (): readonly Place[] => this.#places;
    new Gauge({
      name: 'kidjamo_consumer_lag_records',
      help: 'Records appended that a consumer group has not consumed yet.',
      labelNames: ['log', 'group', 'partition'],
      registers: [registry],
      collect() {
        this.reset();
        for (const place of places()) this.set({ log: place.log, group: place.group, partition: place.partition }, lagOf(place));
      },
    });
    registerRestarts(registry, options.restarts);
    new Gauge({
      name: 'kidjamo_disk_free_bytes',
      help: 'Free space on the disk of the home folder.',
      registers: [registry],
      collect() {
        this.set(options.disk.free);
      },
    });
  }

  processedMessages(): number {
    return this.#processed;
  }

  kafkaConnected(): boolean | null {
    return this.#options.kafka?.connected ?? null;
  }

  kafkaTopics(): readonly string[] {
    return this.#options.kafka?.topics ?? [];
  }

  dependencies(): Promise<Readonly<Record<string, DependencyState>>> {
    const task = this.#lags.find((group) => group.group === VITALS_GROUP);
    const stuck = task !== undefined && task.lag > 0 && systemClock.now() - this.#taskMoved > STUCK_AFTER;
    return Promise.resolve({
      database: { ready: this.#databaseUp },
      disk: this.#diskState(),
      task: { ready: task !== undefined && !stuck, detail: task === undefined ? 'has not started' : `${task.lag} records behind` },
      ...(this.#options.kafka === undefined ? {} : { kafka: this.#options.kafka.dependency }),
      ...this.#options.doors?.(),
    });
  }

  /** Refreshes until `signal` aborts. */
  async watch(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      try {
        await this.#refresh();
        this.#databaseUp = true;
      } catch (error) {
        if (!isDatabaseAway(error)) this.#options.logger.error({ err: error }, 'the state of the pipeline could not be read');
        this.#databaseUp = false;
      }
      await systemClock.sleep(REFRESH_EVERY, signal);
    }
  }

  async #refresh(): Promise<void> {
    const { pool, kafka } = this.#options;
    const [places, counters] = await Promise.all([readPlaces(pool, () => kafka?.ends ?? NO_ENDS), readCounters(pool, VITALS_GROUP)]);
    const lags = sumLags(places);
    const next = (all: readonly GroupLag[]): number | undefined => all.find((group) => group.group === VITALS_GROUP)?.next;
    if (next(lags) !== next(this.#lags) || lags.find((group) => group.group === VITALS_GROUP)?.lag === 0)
      this.#taskMoved = systemClock.now();
    this.#places = places;
    this.#lags = lags;
    this.#processed = counters.get('stored') ?? 0;
  }

  #diskState(): DependencyState {
    try {
      this.#options.disk.admit();
      return { ready: true };
    } catch (error) {
      return { ready: false, detail: error instanceof Error ? error.message : 'too little space' };
    }
  }
}
