/** What every role is given. Plain data, so that it crosses to a worker thread as it is. */

import type { KafkaUse } from '../config/kafka.ts';
import type { NotifyUse } from '../config/notify.ts';

/** A secret key as base64, with its id. */
export interface PortableKey {
  readonly id: string;
  readonly key: string;
}

/** A secret key as it is used. */
export interface BinaryKey {
  readonly id: string;
  readonly key: Buffer;
}

/** The roles that run in threads of their own. */
const THREADED = ['task', 'lake', 'relay', 'foreign'] as const;
export type ThreadedRole = (typeof THREADED)[number];

/** The roles beside the gateway. The notifier waits nearly always: it runs in the main thread. */
export const ROLES = ['notifier', ...THREADED] as const;
export type Role = (typeof ROLES)[number];

export interface RoleSettings {
  readonly databaseUrl: string;
  readonly partitions: number;
  readonly leaseMs: number;
  readonly lakeRoot: string;
  readonly lakeDelayMs: number;
  /** For DuckDB's spills and the like. */
  readonly scratch: string;
  readonly logLevel: string;
  readonly autoEnroll: boolean;
  /** Free bytes below which nothing is appended. */
  readonly diskReserve: number;
  readonly keys: {
    readonly quarantine: PortableKey;
    readonly lake: PortableKey;
    readonly topics: PortableKey;
    readonly sealed: PortableKey;
  };
  readonly kafka?: KafkaUse;
  readonly notify: NotifyUse;
}

/** The consumer group of the vitals task. */
export const VITALS_GROUP = 'vitals';

/** The consumer group that takes in what others put on the topic of readings. */
export const FOREIGN_GROUP = 'foreign';

/** The consumer group that carries a log to its topic. */
export function relayGroup(log: string): string {
  return `relay-${log}`;
}

/** The topic by which sinks of this process are asked to write what they hold. */
export const FLUSH_TOPIC = 'flush';

/** The key as it is used. */
export function binaryKey({ id, key }: PortableKey): BinaryKey {
  return { id, key: Buffer.from(key, 'base64') };
}
