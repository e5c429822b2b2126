/** The Sink contract: takes records of a log to another system, each once. `testing/sink-conformance.ts` is its executable form. */

import type { Lease } from './commit.ts';
import type { LogRecord } from './log.ts';

/** Records in order. They may be made while they are gone through, so whoever needs them twice goes through twice rather than keep them. */
export interface Records extends Iterable<LogRecord> {
  readonly length: number;
}

/** Records of one partition, in order, to be written together. */
export interface SinkBatch {
  readonly lease: Lease;
  /** The position that the sink holds before the write. */
  readonly from: number;
  /** The position that it holds after it: the offset after the last record, failed ones included. */
  readonly to: number;
  readonly records: Records;
}

/** A record that the sink refuses for good, with a reason that holds no identity. */
export interface Refusal {
  readonly offset: number;
  readonly reason: string;
}

/** What became of a batch: every record not refused is durable. */
export interface SinkResult {
  readonly refused: readonly Refusal[];
}

/** Limits within which the runtime collects records before it calls {@link Sink.write}. */
export interface SinkBatching {
  readonly maxRecords: number;
  /** Sum of the lengths of the values. */
  readonly maxBytes: number;
  /** How long a record may wait for others, ms of log-independent time. */
  readonly maxDelay: number;
}

/**
 * Writes records to another system. The position lives beside the data, under a fence, and moves in the same step as the data, so a
 * repeated batch changes nothing.
 */
export interface Sink {
  readonly name: string;
  /** The log it reads. */
  readonly log: string;
  readonly batching: SinkBatching;
  /**
   * Takes a partition over: raises the fence to the lease's generation and tells the next offset wanted. MUST fail with FENCED when a
   * younger generation holds it.
   */
  open(lease: Lease): Promise<number>;
  /**
   * Writes a batch. MUST resolve only when it is durable. MUST throw FENCED, with nothing changed, when the lease is not current or the
   * position is not `from`. MUST throw a retryable error when it may work later, and MUST end within its deadline when `signal` aborts.
   * Refused records MUST be named exactly; they are written to the dead letters by the runtime before the batch counts as done, so a
   * sink that refuses MUST NOT have moved its position: the runtime calls again without them. The records are not there any more once it
   * has resolved.
   */
  write(batch: SinkBatch, signal: AbortSignal): Promise<SinkResult>;
  close(): Promise<void>;
}
