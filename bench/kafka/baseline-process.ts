/**
 * The bare loop, in a process of its own: takes the messages of the input topic from the broker with the same client and the same fetch as
 * the task, does nothing with them, and COPYs as many rows that were made beforehand. Told by its parent what to do; tells how far it has
 * come. Ends with its parent.
 */

import { readFile } from 'node:fs/promises';

import { CopyBlock, copyInto } from '@kidjamo/connector-postgres';
import type { Column } from '@kidjamo/connector-postgres';
import { systemClock } from '@kidjamo/stream';
import { TOPICS } from '@kidjamo/vitals';
import { Pool } from 'pg';

import { clientOptions } from '../../packages/connectors/kafka/src/connection.ts';
import { fetchOnce } from '../../packages/connectors/kafka/src/fetch.ts';
import type { Fetched } from '../../packages/connectors/kafka/src/fetch.ts';
import { Cluster } from '../../packages/connectors/kafka/src/kafka-log-cluster.ts';
import type { KafkaCodec } from '../../packages/connectors/kafka/src/kafka-log-codec.ts';
import type { RowFile } from './context.ts';
import type { Look } from './rate.ts';
import { TABLE } from './rows.ts';

/** What the parent tells. */
export interface BaselineJob {
  readonly servers: string;
  readonly databaseUrl: string;
  readonly ends: readonly number[];
  readonly rows: RowFile;
  /** Loops at a time, which share the partitions; each has a connection to PostgreSQL. */
  readonly loops: number;
}

/** What is told at the end: looks with times from the start of consumption on, s. */
export interface BaselineResult {
  readonly looks: readonly Look[];
  /** Processor time while it consumed, s. */
  readonly cpu: number;
}

/** The same as the log's. */
const FETCH_BYTES = 1 << 20;
const TIMEOUT_MS = 15_000;

/** Makes nothing of a message: the client has taken it out of its batch, and it is only counted. */
const UNREAD: KafkaCodec = { encode: (record) => record, decode: () => undefined };

class Blocks {
  readonly #file: Buffer;
  readonly #of: RowFile;
  #next = 0;
  #due = 0;

  constructor(file: Buffer, of: RowFile) {
    this.#file = file;
    this.#of = of;
  }

  /** Rows that were handed out, and that the number of messages consumed calls for now. */
  take(messages: number): { readonly blocks: CopyBlock[]; readonly rows: number } {
    const { blockRows, blockEnds, rows } = this.#of;
    this.#due = Math.min(rows, this.#due + messages);
    const before = Math.min(rows, this.#next * blockRows);
    const blocks: CopyBlock[] = [];
    while (this.#next < blockEnds.length && Math.min(rows, (this.#next + 1) * blockRows) <= this.#due) {
      blocks.push(new CopyBlock(this.#file.subarray(blockEnds[this.#next - 1] ?? 0, blockEnds[this.#next])));
      this.#next += 1;
    }
    return { blocks, rows: Math.min(rows, this.#next * blockRows) - before };
  }
}

async function consume(job: BaselineJob): Promise<BaselineResult> {
  const { ends, rows } = job;
  const blocks = new Blocks(await readFile(rows.path), rows);
  // Their types are not looked at any more.
  const table = { name: TABLE, columns: rows.columns.map((name): Column => ({ name, type: 'text' })) };
  const cluster = new Cluster({
    client: clientOptions({ servers: job.servers, clientId: 'bench' }),
    clock: systemClock,
    timeout: TIMEOUT_MS,
  });
  const pool = new Pool({ connectionString: job.databaseUrl, max: job.loops });
  const looks: Look[] = [];
  let done = 0;
  const fetch = async (partition: number, offset: number): Promise<Fetched> => {
    const lane = `read-${partition}`;
    const at = { cluster, topic: TOPICS.input, partition, offset, maxBytes: FETCH_BYTES, maxWait: 0, lane, codec: UNREAD, fresh: false };
    const fetched = await fetchOnce(at);
    if (fetched === undefined || fetched.next === offset) throw new Error('the topic ended before its end');
    return fetched;
  };
  await cluster.places(TOPICS.input);
  await pool.query('SELECT 1');
  const cpu = process.cpuUsage();
  const began = performance.now();
  const loop = async (mine: readonly number[]): Promise<void> => {
    const client = await pool.connect();
    const places = mine.map((partition) => ({ partition, offset: 0, end: ends[partition] ?? 0 })).filter(({ end }) => end > 0);
    // One fetch ahead, so that neither side waits for the other's turn.
    let ahead = places[0] === undefined ? undefined : fetch(places[0].partition, 0);
    while (ahead !== undefined) {
      const { next } = await ahead;
      const place = places.shift();
      if (place === undefined) throw new Error('what was fetched belongs to a partition');
      if (next < place.end) places.push({ ...place, offset: next });
      const [following] = places;
      ahead = following === undefined ? undefined : fetch(following.partition, following.offset);
      const due = blocks.take(next - place.offset);
      if (due.rows === 0) continue;
      await copyInto(client, table, due.blocks);
      done += due.rows;
      looks.push({ at: (performance.now() - began) / 1000, done });
    }
    client.release();
  };
  const loops = Array.from({ length: job.loops }, (_, i) =>
    ends.flatMap((_end, partition) => (partition % job.loops === i ? [partition] : [])),
  );
  await Promise.all(loops.map(loop));
  const { user, system } = process.cpuUsage(cpu);
  await pool.end();
  await cluster.close();
  return { looks, cpu: (user + system) / 1e6 };
}

process.once('disconnect', () => process.exit(1));
process.once('message', (job: BaselineJob) => {
  consume(job).then(
    (result) => process.send?.({ result }),
    (error: unknown) => process.send?.({ error: String(error) }),
  );
});
