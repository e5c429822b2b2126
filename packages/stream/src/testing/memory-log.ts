/** A Log in memory, for tests of what stands on the Log contract. It passes the same conformance suite as the real ones, durability apart. */

import type { Clock } from '../clock.ts';
import type { AppendResult, Log, LogRecord, NewRecord } from '../contracts/log.ts';
import { KidjamoError } from '../errors.ts';
import { isLine } from '../line.ts';

/** Longest value of a record, in UTF-16 units. */
const MAX_VALUE = 8 << 20;

export class MemoryLog implements Log {
  readonly name: string;
  readonly partitions: number;
  readonly #clock: Clock;
  readonly #records: LogRecord[][];
  /** The first offset still kept, by partition. */
  readonly #low: number[];
  /** Where each partition ended at the last read or wait: what came after it ends the next wait. */
  readonly #seen: number[] = [];
  readonly #waiting = new Set<() => void>();

  constructor(name: string, partitions: number, clock: Clock) {
    this.name = name;
    this.partitions = partitions;
    this.#clock = clock;
    this.#records = Array.from({ length: partitions }, () => []);
    this.#low = Array.from({ length: partitions }, () => 0);
  }

  async append(records: readonly NewRecord[]): Promise<AppendResult> {
    for (const record of records) this.#check(record);
    const offsets = records.map(({ partition, key, value }) => {
      const list = this.#list(partition);
      const offset = this.#end(partition);
      list.push({ partition, offset, key, value, time: Math.max(list.at(-1)?.time ?? 0, this.#clock.now()) });
      return { partition, offset };
    });
    for (const wake of [...this.#waiting]) wake();
    return { offsets };
  }

  async read(partition: number, offset: number, max: number): Promise<readonly LogRecord[]> {
    this.#seen[partition] = this.#end(partition);
    const from = Math.max(0, offset - (this.#low[partition] ?? 0));
    return this.#list(partition).slice(from, from + max);
  }

  async ends(): Promise<readonly number[]> {
    return this.#records.map((_, partition) => this.#end(partition));
  }

  /** Forgets the records of a partition before `offset`. */
  trim(partition: number, offset: number): void {
    const low = this.#low[partition] ?? 0;
    this.#list(partition).splice(0, offset - low);
    this.#low[partition] = Math.max(low, offset);
  }

  wait(partition: number, ms: number, signal: AbortSignal): Promise<void> {
    const seen = this.#seen[partition];
    this.#seen[partition] = this.#end(partition);
    if (seen !== undefined && seen !== this.#seen[partition]) return Promise.resolve();
    return new Promise((resolve) => {
      const done = new AbortController();
      const finish = (): void => {
        this.#waiting.delete(finish);
        signal.removeEventListener('abort', finish);
        done.abort();
        resolve();
      };
      this.#waiting.add(finish);
      signal.addEventListener('abort', finish, { once: true });
      void this.#clock.sleep(ms, done.signal).then(finish);
      if (signal.aborted) finish();
    });
  }

  #end(partition: number): number {
    return (this.#low[partition] ?? 0) + this.#list(partition).length;
  }

  #check({ partition, key, value }: NewRecord): void {
    this.#list(partition);
    if (value.length > MAX_VALUE) throw new KidjamoError('BATCH_TOO_LARGE', `a record may have ${MAX_VALUE} characters at most`);
    // A log may refuse U+001E, as that of PostgreSQL does: nobody may rely on it.
    if ([key, value].some((text) => !isLine(text) || text.includes('\u001e'))) {
      throw new KidjamoError('INPUT_INVALID', 'key and value of a record must be one line of text');
    }
  }

  #list(partition: number): LogRecord[] {
    const list = this.#records[partition];
    if (list === undefined)
      throw new KidjamoError('INPUT_INVALID', `partition ${partition} does not exist: the log has ${this.partitions}`);
    return list;
  }
}
