/**
 * Sends the readings of a job.
 *
 * | lane  | event                    | does                                              | then  |
 * |-------|--------------------------|---------------------------------------------------|-------|
 * | idle  | a request is due         | fills and sends it                                | busy  |
 * | busy  | answered                 | counts it; sends the next one if it is due        | busy or idle |
 * | busy  | answered 429 or 503      | waits a little, then sends the same bytes again   | busy  |
 * | any   | connection or answer bad | the whole run fails: a load test over broken connections measures nothing | - |
 */

import { Connection } from './connection.ts';
import type { LoadJob, LoadResult, Schedule } from './job.ts';
import { Latencies } from './latencies.ts';
import { RequestTemplate } from './request.ts';
import { Tally } from './tally.ts';

/** How long answers are waited for after the last request, ms. */
const LAST_ANSWERS_MS = 60_000;
/** How long a request that was pushed back waits, ms. */
const PUSHED_BACK_MS = 50;
/** How often an open loop looks for requests that are due, ms. Lateness of this timer counts as latency, and never adds up. */
const TICK_MS = 1;

interface Lane {
  readonly connection: Connection;
  readonly template: RequestTemplate;
  /** When the request under way should have been sent (closed loop: was sent), ms of `performance.now()`. */
  intended: number;
}

export async function generate(job: LoadJob): Promise<LoadResult> {
  const generator = new Generator(job);
  return generator.run();
}

class Generator {
  readonly #job: LoadJob;
  readonly #tally: Tally;
  readonly #latencies = new Latencies();
  readonly #idle: Lane[] = [];
  readonly #lanes: Lane[] = [];
  /** Requests sent so far; the next one carries readings from `#sent * readingsPerRequest` on. */
  #sent = 0;
  #measured = 0;
  #began = 0;
  #wallMicros = 0;
  #monotonicNs = 0n;
  #settle: { resolve: () => void; reject: (error: Error) => void } | undefined;

  constructor(job: LoadJob) {
    this.#job = job;
    this.#tally = new Tally(job.readingsPerRequest);
  }

  async run(): Promise<LoadResult> {
    const { connections } = this.#job;
    for (let i = 0; i < connections; i += 1) this.#lanes.push(await this.#openLane());
    this.#idle.push(...this.#lanes);
    const cpu = process.cpuUsage();
    this.#monotonicNs = process.hrtime.bigint();
    this.#began = performance.now();
    this.#wallMicros = Math.floor((performance.timeOrigin + this.#began) * 1000);
    const unanswered = await this.#finished().finally(() => {
      for (const lane of this.#lanes) lane.connection.close();
    });
    const elapsed = performance.now() - this.#began;
    const { user, system } = process.cpuUsage(cpu);
    const schedule = this.#schedule();
    return {
      ...this.#tally.counts,
      unanswered,
      measured: { readings: this.#measured, seconds: this.#measuredSeconds(elapsed) },
      latency: this.#latencies.summary(),
      clientCpu: (user + system) / 1000 / elapsed,
      ...(schedule === undefined ? {} : { schedule }),
    };
  }

  /** Resolves with the number of readings that were never answered. */
  #finished(): Promise<number> {
    return new Promise((resolve, reject) => {
      const tick = setInterval(() => this.#sendDue(), TICK_MS);
      const deadline = this.#plannedMs() + LAST_ANSWERS_MS;
      const giveUp = setTimeout(() => this.#settle?.resolve(), deadline);
      const end = (): void => {
        clearInterval(tick);
        clearTimeout(giveUp);
      };
      this.#settle = {
        resolve: () => {
          end();
          resolve((this.#lanes.length - this.#idle.length) * this.#job.readingsPerRequest);
        },
        reject: (error) => {
          end();
          reject(error);
        },
      };
      this.#sendDue();
    });
  }

  #plannedMs(): number {
    const { pace } = this.#job;
    switch (pace.kind) {
      case 'closed':
        return pace.warmupMs + pace.measureMs;
      case 'open':
        return pace.durationMs;
      case 'count':
        return pace.readings;
    }
  }

  #measuredSeconds(elapsed: number): number {
    const { pace } = this.#job;
    return (pace.kind === 'closed' ? pace.measureMs : elapsed) / 1000;
  }

  #schedule(): Schedule | undefined {
    if (this.#job.pace.kind !== 'open') return undefined;
    return { monotonicNs: String(this.#monotonicNs), wallMicros: this.#wallMicros, intervalMicros: this.#intervalMs() * 1000 };
  }

  #intervalMs(): number {
    const { pace, readingsPerRequest } = this.#job;
    return pace.kind === 'open' ? (1000 * readingsPerRequest) / pace.readingsPerSecond : 0;
  }

  /** How many requests should have been sent by now, in all. */
  #due(now: number): number {
    const { pace, readingsPerRequest } = this.#job;
    const elapsed = now - this.#began;
    switch (pace.kind) {
      case 'closed':
        return elapsed < pace.warmupMs + pace.measureMs ? Number.POSITIVE_INFINITY : this.#sent;
      case 'count':
        return Math.ceil(pace.readings / readingsPerRequest);
      case 'open':
        return Math.min(Math.floor(elapsed / this.#intervalMs()) + 1, Math.round(pace.durationMs / this.#intervalMs()));
    }
  }

  #over(now: number): boolean {
    const { pace } = this.#job;
    switch (pace.kind) {
      case 'closed':
        return now - this.#began >= pace.warmupMs + pace.measureMs;
      case 'count':
        return this.#sent >= this.#due(now);
      case 'open':
        return this.#sent >= Math.round(pace.durationMs / this.#intervalMs());
    }
  }

  #sendDue(): void {
    const now = performance.now();
    const due = this.#due(now);
    while (this.#sent < due) {
      // The one that has rested longest, so that no server closes an idle connection.
      const lane = this.#idle.shift();
      if (lane === undefined) break;
      this.#send(lane, now);
    }
    if (this.#idle.length === this.#lanes.length && this.#over(now)) this.#settle?.resolve();
  }

  #send(lane: Lane, now: number): void {
    const { pace, readingsPerRequest, patients } = this.#job;
    const first = this.#sent * readingsPerRequest;
    const offset = pace.kind === 'open' ? this.#sent * this.#intervalMs() : now - this.#began;
    lane.intended = this.#began + offset;
    const round = Math.floor(first / patients);
    // In a closed loop a device may send twice in a millisecond: its round tells the two apart.
    let micros = pace.kind === 'open' ? offset * 1000 : Math.floor(offset) * 1000 + (round % 1000);
    if (pace.kind === 'count' && pace.spacingMs !== undefined)
      micros = (round - Math.floor(pace.readings / patients)) * pace.spacingMs * 1000;
    this.#sent += 1;
    lane.template.fill(first, this.#wallMicros + Math.round(micros));
    lane.connection.send(lane.template.bytes);
  }

  #answered(lane: Lane, status: number, body: Buffer): void {
    const outcome = this.#tally.answer(status, body);
    if (outcome === 'again') {
      setTimeout(() => lane.connection.send(lane.template.bytes), PUSHED_BACK_MS);
      return;
    }
    const now = performance.now();
    this.#latencies.add(now - lane.intended);
    if (this.#counts(now)) this.#measured += outcome;
    if (this.#sent < this.#due(now)) this.#send(lane, now);
    else this.#idle.push(lane);
  }

  #counts(now: number): boolean {
    const { pace } = this.#job;
    if (pace.kind !== 'closed') return true;
    const elapsed = now - this.#began;
    return elapsed >= pace.warmupMs && elapsed < pace.warmupMs + pace.measureMs;
  }

  async #openLane(): Promise<Lane> {
    const { host, port, path, population, patients, criticals, readingsPerRequest } = this.#job;
    const shape = { path, population, patients, readings: readingsPerRequest };
    const template = new RequestTemplate(criticals === undefined ? shape : { ...shape, criticals });
    const connection = await Connection.open(
      { host, port },
      {
        onAnswer: (status, body) => this.#answered(lane, status, body),
        onFailed: (error) => this.#settle?.reject(error),
      },
    );
    const lane: Lane = { connection, template, intended: 0 };
    return lane;
  }
}
