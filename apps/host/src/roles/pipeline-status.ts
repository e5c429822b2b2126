/** What the gateway tells of the rest: refreshed every second from the database, so that asking costs nothing. */

import { systemClock } from '@kidjamo/stream';
import type { DependencyState, GatewayStatus } from '@kidjamo/vitals';
import type { Pool } from 'pg';
import { Gauge } from 'prom-client';
import type { Registry } from 'prom-client';

import type { DiskGuard } from '../stack/disk-guard.ts';
import { isDatabaseAway } from '../stack/database-away.ts';
import { readCounters, readLag } from '../stack/lag.ts';
import type { GroupLag } from '../stack/lag.ts';
import { VITALS_GROUP } from './context.ts';
import type { RoleLogger } from './logger.ts';

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
  /** State of the ways in beside HTTP, by name. */
  readonly doors?: () => Readonly<Record<string, DependencyState>>;
}

export class PipelineStatus implements GatewayStatus {
  readonly #options: PipelineStatusOptions;
  #processed = 0;
  #lags: readonly GroupLag[] = [];
  #databaseUp = false;
  #taskMoved = systemClock.now();

  constructor(options: PipelineStatusOptions) {
    this.#options = options;
    const { registry } = options;
    const lags = (): readonly GroupLag[] => this.#lags;
    new Gauge({
      name: 'kidjamo_consumer_lag_records',
      help: 'Records appended that a consumer group has not consumed yet.',
      labelNames: ['log', 'group'],
      registers: [registry],
      collect() {
        for (const { log, group, lag } of lags()) this.set({ log, group }, lag);
      },
    });
    new Gauge({
      name: 'kidjamo_role_restarts',
      help: 'How often a role of this process was started again after a failure.',
      registers: [registry],
      collect() {
        this.set(options.restarts());
      },
    });
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

  kafkaConnected(): null {
    return null;
  }

  kafkaTopics(): readonly string[] {
    return [];
  }

  dependencies(): Promise<Readonly<Record<string, DependencyState>>> {
    const task = this.#lags.find((group) => group.group === VITALS_GROUP);
    const stuck = task !== undefined && task.lag > 0 && systemClock.now() - this.#taskMoved > STUCK_AFTER;
    return Promise.resolve({
      database: { ready: this.#databaseUp },
      disk: this.#diskState(),
      task: { ready: task !== undefined && !stuck, detail: task === undefined ? 'has not started' : `${task.lag} records behind` },
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
    const { pool } = this.#options;
    const [lags, counters] = await Promise.all([readLag(pool), readCounters(pool, VITALS_GROUP)]);
    const next = (all: readonly GroupLag[]): number | undefined => all.find((group) => group.group === VITALS_GROUP)?.next;
    if (next(lags) !== next(this.#lags) || lags.find((group) => group.group === VITALS_GROUP)?.lag === 0)
      this.#taskMoved = systemClock.now();
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
