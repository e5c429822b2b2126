/** Collects times and tells their percentiles, exactly. */

import { percentile } from '../report/statistics.ts';
import type { Latency } from './job.ts';

export class Latencies {
  #values = new Float64Array(1 << 16);
  #count = 0;

  /** `ms`: a time in milliseconds. */
  add(ms: number): void {
    if (this.#count === this.#values.length) {
      const larger = new Float64Array(this.#values.length * 2);
      larger.set(this.#values);
      this.#values = larger;
    }
    this.#values[this.#count] = ms;
    this.#count += 1;
  }

  get count(): number {
    return this.#count;
  }

  /** NaN everywhere when there are no times. */
  summary(): Latency {
    const sorted = this.#values.slice(0, this.#count).sort();
    return { p50: percentile(sorted, 0.5), p99: percentile(sorted, 0.99), max: percentile(sorted, 1) };
  }
}
