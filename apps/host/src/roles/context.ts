/** What every role is given. Plain data, so that it crosses to a worker thread as it is. */

/** A secret key as base64, with its id. */
export interface PortableKey {
  readonly id: string;
  readonly key: string;
}

export interface RoleSettings {
  readonly databaseUrl: string;
  readonly partitions: number;
  readonly leaseMs: number;
  readonly lakeRoot: string;
  readonly lakeDelayMs: number;
  /** For DuckDB's spills and the like. */
  readonly scratch: string;
  readonly logLevel: string;
  readonly keys: {
    readonly quarantine: PortableKey;
    readonly lake: PortableKey;
  };
}

/** The consumer group of the vitals task. */
export const VITALS_GROUP = 'vitals';

/** The topic by which sinks of this process are asked to write what they hold. */
export const FLUSH_TOPIC = 'flush';
