/** What the gateway counts. Labels are route templates, formats, results and codes: nothing that names a person or a device. */

import type { Clock } from '@kidjamo/stream';
import { Counter, Gauge, Histogram, Registry } from 'prom-client';

import type { MetricsAnswer } from '../contracts/formats/operations.ts';
import { FLOOR_CODES } from '../domain/floors.ts';
import type { Outcome } from './intake.ts';
import type { GatewayStatus } from './status.ts';

/** Latencies kept for the percentiles. */
const RESERVOIR = 2000;
/** Seconds over which the throughput is taken. */
const WINDOW = 60;
/** Below these a reading counts as of low confidence (clinical reference, section 1; scales 0-100; absent counts as good). */
const LOW_CONFIDENCE = 80;
const LOW_CONTACT = 60;

export class GatewayMetrics {
  readonly registry: Registry;
  readonly #clock: Clock;
  readonly #status: GatewayStatus;
  readonly #started: number;
  readonly #items: Counter<'format' | 'result'>;
  readonly #alerts: Counter<'type'>;
  readonly #requests: Counter<'route' | 'status'>;
  readonly #durations: Histogram<'route'>;
  readonly #latencies: number[] = [];
  #nextLatency = 0;
  readonly #perSecond = new Array<number>(WINDOW).fill(0);
  #second = 0;
  #total = 0;
  #taken = 0;
  #valid = 0;
  readonly #alertsByType = new Map<string, number>(FLOOR_CODES.map((code) => [code, 0]));

  constructor(options: { clock: Clock; status: GatewayStatus; pending: () => number; registry?: Registry }) {
    const { clock, status, pending } = options;
    this.registry = options.registry ?? new Registry();
    this.#clock = clock;
    this.#status = status;
    this.#started = clock.now();
    const registers = [this.registry];
    this.#items = new Counter({
      name: 'kidjamo_gateway_items_total',
      help: 'Readings, alerts and statuses by what became of them.',
      labelNames: ['format', 'result'],
      registers,
    });
    this.#alerts = new Counter({
      name: 'kidjamo_gateway_breaches_total',
      help: 'Floors breached by readings taken in, and alerts of people.',
      labelNames: ['type'],
      registers,
    });
    this.#requests = new Counter({
      name: 'kidjamo_gateway_requests_total',
      help: 'Requests by route template and status code.',
      labelNames: ['route', 'status'],
      registers,
    });
    this.#durations = new Histogram({
      name: 'kidjamo_gateway_request_seconds',
      help: 'Time from the first byte to the answer.',
      labelNames: ['route'],
      buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5],
      registers,
    });
    gauge(registers, { name: 'kidjamo_gateway_pending_characters', help: 'Characters of records waiting for the log.', read: pending });
    gauge(registers, {
      name: 'kidjamo_processed_messages',
      help: 'Readings that the task has stored.',
      read: () => status.processedMessages(),
    });
  }

  /** Counts readings. */
  countReadings(format: string, outcomes: readonly Outcome[]): void {
    const results = new Map<string, number>();
    for (const outcome of outcomes) {
      results.set(outcome.status, (results.get(outcome.status) ?? 0) + 1);
      if (outcome.status === 'rejected') continue;
      this.#taken += 1;
      if ((outcome.confidence ?? 100) >= LOW_CONFIDENCE && (outcome.contact ?? 100) >= LOW_CONTACT) this.#valid += 1;
      if (outcome.status !== 'duplicate') for (const code of outcome.floors) this.countAlert(code);
    }
    for (const [result, n] of results) this.#items.labels(format, result).inc(n);
    this.#total += outcomes.length;
    this.#tick(outcomes.length);
  }

  /** Counts an alert or a status, or a body that could not be taken at all. */
  countItem(format: string, result: string): void {
    this.#items.labels(format, result).inc();
  }

  /** Counts an alert, by a type out of a fixed set. */
  countAlert(type: string): void {
    this.#alertsByType.set(type, (this.#alertsByType.get(type) ?? 0) + 1);
    this.#alerts.labels(type).inc();
  }

  /** Counts an answered request. */
  countRequest(route: string, status: number, seconds: number): void {
    this.#requests.labels(route, String(status)).inc();
    this.#durations.labels(route).observe(seconds);
    this.#latencies[this.#nextLatency] = seconds;
    this.#nextLatency = (this.#nextLatency + 1) % RESERVOIR;
  }

  /** The JSON form. */
  figures(): MetricsAnswer {
    const sorted = [...this.#latencies].sort((a, b) => a - b);
    this.#tick(0);
    const uptime = (this.#clock.now() - this.#started) / 1000;
    const recent = this.#perSecond.reduce((sum, n) => sum + n, 0);
    return {
      processed_messages: this.#status.processedMessages(),
      total_messages: this.#total,
      kafka_connected: this.#status.kafkaConnected(),
      kafka_topics: [...this.#status.kafkaTopics()],
      api_uptime_s: uptime,
      latency_p50_s: percentile(sorted, 0.5),
      latency_p95_s: percentile(sorted, 0.95),
      latency_p99_s: percentile(sorted, 0.99),
      throughput_eps: recent / Math.min(WINDOW, Math.max(1, uptime)),
      valid_pct: this.#taken === 0 ? null : (100 * this.#valid) / this.#taken,
      alerts_by_type: Object.fromEntries(this.#alertsByType),
    };
  }

  /** Seconds since the start of this process. */
  uptime(): number {
    return (this.#clock.now() - this.#started) / 1000;
  }

  #tick(n: number): void {
    const second = Math.floor(this.#clock.now() / 1000);
    const passed = Math.min(WINDOW, Math.max(0, second - this.#second));
    for (let i = 1; i <= passed; i += 1) this.#perSecond[(this.#second + i) % WINDOW] = 0;
    if (passed > 0) this.#second = second;
    const slot = this.#second % WINDOW;
    this.#perSecond[slot] = (this.#perSecond[slot] ?? 0) + n;
  }
}

function gauge(registers: Registry[], { name, help, read }: { name: string; help: string; read: () => number }): void {
  new Gauge({
    name,
    help,
    registers,
    collect() {
      this.set(read());
    },
  });
}

/** Nearest-rank percentile of sorted values, or null when there are none. */
function percentile(sorted: readonly number[], p: number): number | null {
  return sorted[Math.max(0, Math.ceil(p * sorted.length) - 1)] ?? null;
}
