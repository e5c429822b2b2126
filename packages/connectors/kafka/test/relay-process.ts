/** A process with a relay, for tests that kill or stop it. Tells its position as lines of JSON, and what ended it. */

import { Cluster } from '../src/kafka-log-cluster.ts';
import { clientOptions } from '../src/connection.ts';
import { systemClock } from '@kidjamo/stream';
import { carry } from './relay-load.ts';
import { relayOf } from './relay-trial.ts';
import type { RelayNames } from './relay-trial.ts';

/** What the process is to do. */
export interface RelayOrders {
  readonly names: RelayNames;
  readonly partitions: readonly number[];
  readonly total: number;
  readonly generation: number;
  readonly maxRecords: number;
  /** It kills itself as a crash does before this request to a broker; 0: never. */
  readonly dieAt: number;
}

const orders = JSON.parse(process.argv[2] ?? '') as RelayOrders;

/** Counts requests of the relay. */
class CountingCluster extends Cluster {
  #count = 0;

  override async connect(...to: Parameters<Cluster['connect']>): ReturnType<Cluster['connect']> {
    this.#count += 1;
    if (this.#count === orders.dieAt) process.kill(process.pid, 'SIGKILL');
    return super.connect(...to);
  }
}

const cluster = new CountingCluster({
  client: clientOptions({ servers: orders.names.servers, clientId: 'relay-process' }),
  clock: systemClock,
  timeout: 10_000,
});
const sink = relayOf(orders.names, cluster, { batching: { maxRecords: orders.maxRecords } });
await carry({
  sink,
  partitions: orders.partitions,
  total: orders.total,
  generation: orders.generation,
  report: async ({ partition }, position) => void process.stdout.write(`${JSON.stringify({ partition, position })}\n`),
  observer: { failed: (_, error) => void process.stderr.write(`${String(error)}\n`) },
});
await sink.close();
await cluster.close();
