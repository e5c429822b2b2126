/** What the gateway tells of itself. */

import Type from 'typebox';

const Kafka = Type.Union([Type.Boolean(), Type.Null()], { description: 'Null when no Kafka is configured' });
const Stored = Type.Integer({ minimum: 0, description: 'Readings that the task has stored, since the database was made' });
const Came = Type.Integer({ minimum: 0, description: 'Readings that came, whatever became of them, since the start of this process' });
const Uptime = Type.Number({ description: 'Seconds since the start of this process' });

/** Answer of `GET /health`. */
export const HealthAnswer = Type.Object({
  status: Type.Literal('healthy'),
  timestamp: Type.String({ format: 'date-time' }),
  kafka_connected: Kafka,
  processed_messages: Stored,
  total_messages: Came,
  api_uptime_s: Uptime,
});
export type HealthAnswer = Type.Static<typeof HealthAnswer>;

/** Answer of `GET /ready`. */
export const ReadyAnswer = Type.Object({
  status: Type.Union([Type.Literal('ready'), Type.Literal('not_ready')]),
  draining: Type.Boolean({ description: 'Whether this process is about to stop' }),
  /** By name, such as `database`, `disk`, `task`. */
  dependencies: Type.Record(Type.String(), Type.Object({ ready: Type.Boolean(), detail: Type.Optional(Type.String()) })),
});
export type ReadyAnswer = Type.Static<typeof ReadyAnswer>;

const latency = (percent: number) =>
  Type.Union([Type.Number(), Type.Null()], {
    description: `Seconds within which ${percent} % of the last 2,000 requests were answered; null before the first one`,
  });

/** The JSON form of `GET /metrics`. */
export const MetricsAnswer = Type.Object({
  processed_messages: Stored,
  total_messages: Came,
  kafka_connected: Kafka,
  kafka_topics: Type.Array(Type.String(), { description: 'Topics that records are relayed to' }),
  api_uptime_s: Uptime,
  latency_p50_s: latency(50),
  latency_p95_s: latency(95),
  latency_p99_s: latency(99),
  throughput_eps: Type.Number({ description: 'Readings per second over the last minute' }),
  valid_pct: Type.Union([Type.Number(), Type.Null()], {
    description: 'Share of readings taken with good confidence and contact, %; null before the first one',
  }),
  alerts_by_type: Type.Record(Type.String(), Type.Integer(), { description: 'Floors breached by readings taken in, and alerts of people' }),
});
export type MetricsAnswer = Type.Static<typeof MetricsAnswer>;
