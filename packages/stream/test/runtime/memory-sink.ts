/** A sink in memory, with the handles that tests of the runtime need. Instances on one target are as processes on one system. */
import { KidjamoError } from '@kidjamo/stream';
import type { Lease, LogRecord, Refusal, Sink, SinkBatch, SinkBatching, SinkResult } from '@kidjamo/stream';

/** The system written to. */
export interface Target {
  readonly records: LogRecord[];
  readonly generations: Map<number, number>;
  readonly positions: Map<number, number>;
}

export function newTarget(): Target {
  return { records: [], generations: new Map(), positions: new Map() };
}

export class MemorySink implements Sink {
  readonly name = 'memory';
  readonly log = 'readings';
  batching: SinkBatching = { maxRecords: 10, maxBytes: 1_000_000, maxDelay: 100 };
  /** Every batch given to write, whatever became of it. */
  readonly batches: SinkBatch[] = [];
  /** Called in every write; what it throws is its outcome. */
  during: (signal: AbortSignal) => void | Promise<void> = () => undefined;
  readonly #target: Target;

  constructor(target: Target = newTarget()) {
    this.#target = target;
  }

  get stored(): readonly number[] {
    return this.#target.records.map((record) => record.offset);
  }

  async open(lease: Lease): Promise<number> {
    if (lease.generation < (this.#target.generations.get(lease.partition) ?? 0)) throw fenced();
    this.#target.generations.set(lease.partition, lease.generation);
    return this.#target.positions.get(lease.partition) ?? 0;
  }

  async write(batch: SinkBatch, signal: AbortSignal): Promise<SinkResult> {
    // The runtime takes the records back.
    this.batches.push({ ...batch, records: [...batch.records] });
    await this.during(signal);
    const { lease, from, to, records } = batch;
    if (this.#target.generations.get(lease.partition) !== lease.generation) throw fenced();
    if ((this.#target.positions.get(lease.partition) ?? 0) !== from) throw fenced();
    const refused = Array.from(records).flatMap(({ offset, value }): Refusal[] =>
      value.startsWith('bad') ? [{ offset, reason: 'it is bad' }] : [],
    );
    if (refused.length > 0) return { refused };
    this.#target.records.push(...records);
    this.#target.positions.set(lease.partition, to);
    return { refused: [] };
  }

  async close(): Promise<void> {
    // Nothing is held back.
  }
}

function fenced(): KidjamoError {
  return new KidjamoError('FENCED', 'the partition has another owner, or moved on');
}
