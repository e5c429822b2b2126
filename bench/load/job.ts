/** What the load client is told, and what it tells afterwards. Plain data: it crosses between processes. */

/** How readings follow each other. */
export type Pace =
  /** Each connection sends as soon as it was answered. Only what is answered after `warmupMs` and within `measureMs` counts for the rate. */
  | { readonly kind: 'closed'; readonly warmupMs: number; readonly measureMs: number }
  /** Each connection sends as soon as it was answered, until so many readings are sent. */
  | {
      readonly kind: 'count';
      readonly readings: number;
      /** Makes them history: readings of a patient lie so many ms apart, the last ones now. */
      readonly spacingMs?: number;
    }
  /** Every request has a time at which it should be sent, whether or not earlier ones were answered. */
  | { readonly kind: 'open'; readonly readingsPerSecond: number; readonly durationMs: number };

/** Critical readings among the others, each of another patient, so that each raises an alert. */
export interface Criticals {
  /** Every how many-th reading is one. */
  readonly every: number;
  readonly patients: number;
}

export interface LoadJob {
  readonly host: string;
  readonly port: number;
  readonly path: string;
  readonly connections: number;
  /** 1 sends single objects, more sends arrays. */
  readonly readingsPerRequest: number;
  /** Start of all patient and device ids. */
  readonly population: string;
  readonly patients: number;
  readonly criticals?: Criticals;
  readonly pace: Pace;
}

/** Percentiles of a time, ms. */
export interface Latency {
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
}

/** When the first request of an open loop was due, on both clocks, so that others can tell when the n-th was. */
export interface Schedule {
  /** `process.hrtime.bigint()`, the same clock in every process of a machine. */
  readonly monotonicNs: string;
  /** Microseconds since the epoch; requests bear it as their event time. */
  readonly wallMicros: number;
  /** Microseconds between two requests. */
  readonly intervalMicros: number;
}

/** All counts are of readings, unless they say otherwise. */
export interface LoadResult {
  readonly requests: number;
  /** Answered as kept: accepted + duplicates + quarantined. */
  readonly acknowledged: number;
  readonly accepted: number;
  readonly duplicates: number;
  readonly quarantined: number;
  /** Answered as refused for good. */
  readonly rejected: number;
  /** Answers 429 and 503, in requests. Each was sent again. */
  readonly pushedBack: number;
  /** Sent, and never answered. */
  readonly unanswered: number;
  /** Readings acknowledged in the measured time, and how long that was. */
  readonly measured: { readonly readings: number; readonly seconds: number };
  /** From the intended time of sending (closed loop: the true one) to the answer. */
  readonly latency: Latency;
  /** Part of one core that the client used: near 1 means that the client itself was the limit. */
  readonly clientCpu: number;
  readonly schedule?: Schedule;
}
