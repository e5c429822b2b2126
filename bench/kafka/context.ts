/** What every measurement on Kafka is given. */

import type { Results } from '../report/results.ts';
import type { More } from '../system/kidjamo.ts';
import type { Broker } from './broker.ts';
import type { Databases } from './databases.ts';
import type { KafkaFigureId } from './figures.ts';
import type { KafkaPlan } from './plan.ts';

/** What is there before anything is measured. */
export interface Prepared {
  /** The records of the input topic: where each partition ends, and how many that is. */
  readonly ends: readonly number[];
  readonly records: number;
  /** Readings among them that the gateway acknowledged. */
  readonly acknowledged: number;
  /** Database to copy for the task: as the gateway left it. */
  readonly before: string;
  /** Database to copy for the bare loop: the same, with the partitions of tables that the rows need. */
  readonly empty: string;
  /** The same records as they are inside, for the peer. */
  readonly plainTopic: string;
  readonly rows: RowFile;
}

/** Rows of `measurements` in the form of a COPY, as the task made them of the records. */
export interface RowFile {
  readonly path: string;
  readonly columns: readonly string[];
  readonly rows: number;
  /** Rows of each block but the last. */
  readonly blockRows: number;
  /** Where each block ends in the file. */
  readonly blockEnds: readonly number[];
}

export interface KafkaContext {
  readonly plan: KafkaPlan;
  readonly results: Results<KafkaFigureId>;
  /** Which round it is, from 1. */
  readonly run: number;
  readonly broker: Broker;
  readonly databases: Databases;
  /** The home whose keys all processes use. */
  readonly home: string;
  /** Settings of a process of Kidjamo on a database. */
  readonly settings: (databaseUrl: string) => More;
  /** The jars of the peer. */
  readonly peer: string;
  readonly signal: AbortSignal;
  /** Tells the person who waits. */
  readonly say: (line: string) => void;
}
