/** The Log contract: an ordered, partitioned, durable sequence of records. `testing/log-conformance.ts` is its executable form. */

/** A record to append. */
export interface NewRecord {
  /** The partition it belongs to, computed by the writer from the internal id of the thing it is about. */
  readonly partition: number;
  /** Groups records that must stay in order. MUST be one line of text without identity. */
  readonly key: string;
  /** The content. MUST be one line of UTF-8 text (JSON), without a line feed and without U+0000. */
  readonly value: string;
}

/** A record as read back. */
export interface LogRecord {
  readonly partition: number;
  /** Its place in the partition: 0, 1, 2, ... without gaps. */
  readonly offset: number;
  readonly key: string;
  readonly value: string;
  /** Log time: when the append happened, ms since the epoch. Never decreases within a partition. */
  readonly time: number;
}

/** Where appended records ended up: one position for every record, in the order given. */
export interface AppendResult {
  readonly offsets: readonly { readonly partition: number; readonly offset: number }[];
}

/** An ordered, partitioned, durable sequence of records. */
export interface Log {
  readonly name: string;
  /** Fixed for the life of the log. */
  readonly partitions: number;

  /**
   * Appends. MUST resolve only when the records are durable, MUST keep the order of records of one partition, and MUST give
   * offsets without gaps even with concurrent writers. MUST append all of them or none.
   * @throws KidjamoError LOG_UNAVAILABLE or LOG_FULL when the log cannot keep them; the outcome may then be unknown to the caller.
   */
  append(records: readonly NewRecord[]): Promise<AppendResult>;

  /**
   * Reads records of one partition from `offset` on, in order. Returns at once, empty when there is none yet. MUST return at least
   * one record if one is there, and about `max` at most.
   */
  read(partition: number, offset: number, max: number): Promise<readonly LogRecord[]>;

  /** The offset that the next record of each partition will get, by partition. */
  ends(): Promise<readonly number[]>;

  /** Resolves when something may have been appended after the last call, after `ms`, or on abort. A hint: spurious wake-ups are fine. */
  wait(partition: number, ms: number, signal: AbortSignal): Promise<void>;
}
