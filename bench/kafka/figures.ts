/** Every figure of the report on Kafka, once. Bounds and goals are those of the issue that asked for it. */

import type { Catalogue, Figure } from '../report/figures.ts';

const figure = (scenario: string, title: string, rest: Omit<Figure, 'scenario' | 'title'>): Figure => ({ scenario, title, ...rest });
const rate = { unit: 'readings/s', digits: 0 } as const;
const ratio = { unit: '', digits: 2 } as const;
const seconds = { unit: 's', digits: 2 } as const;
const cpu = { unit: 's', digits: 2 } as const;

const FIGURES = {
  baseline_rate: figure('baseline', 'Bare loop: consume, COPY the same rows', rate),
  loops_rate: figure('baseline', 'The same in six loops at once, a connection each', rate),
  task_rate: figure('task', 'One worker: the whole vitals task, exactly once', rate),
  task_ratio: figure('task', 'One worker, as a part of the bare loop', { ...ratio, target: { side: 'least', bound: 0.4, goal: 0.7 } }),
  three_rate: figure('three', 'Three workers on the same cores, exactly once', rate),
  three_ratio: figure('three', 'Three workers, as a part of one worker', { ...ratio, target: { side: 'least', bound: 0.85 } }),
  three_bare: figure('three', 'Three workers, as a part of the bare loop', ratio),
  peer_rate: figure('peer', 'Kafka Streams: the job on topics alone, exactly once', rate),
  baseline_steady: figure('baseline', 'Bare loop, in full swing', rate),
  task_steady: figure('task', 'One worker, in full swing', rate),
  peer_steady: figure('peer', 'Kafka Streams, in full swing', rate),
  peer_ratio: figure('peer', 'One worker, as a part of Kafka Streams, both in full swing', {
    ...ratio,
    target: { side: 'least', bound: 1 },
  }),
  join_first: figure('rebalance', 'A worker is started under load: until its first record is processed', seconds),
  join_handover: figure('rebalance', 'Of this, from the first partition given up to the first record of the new owner', seconds),
  kill_first: figure('rebalance', 'A worker is killed under load: until the first record of a new owner is processed', seconds),
  kill_claimed: figure('rebalance', 'Of this, until the brokers gave its partitions away (session time-out 10 s)', seconds),
  baseline_cpu: figure('baseline', 'Processor time for 100,000 readings: bare loop, PostgreSQL, broker', cpu),
  task_cpu: figure('task', 'Processor time: one worker, PostgreSQL, broker', cpu),
  task_worker_cpu: figure('task', 'Of that of one worker, the worker itself', cpu),
  three_cpu: figure('three', 'Processor time: three workers, PostgreSQL, broker', cpu),
  peer_cpu: figure('peer', 'Processor time: Kafka Streams, broker', cpu),
} as const satisfies Readonly<Record<string, Figure>>;

export type KafkaFigureId = keyof typeof FIGURES;

export const KAFKA_CATALOGUE: Catalogue<KafkaFigureId> = { figures: FIGURES, quoted: {} };
