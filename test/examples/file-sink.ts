/**
 * A small but whole sink: it keeps the records of a log as files of JSON lines in a folder.
 *
 * - Each batch is one file, named by the offset it starts at and linked to that name in one step. So the data and the position cannot
 *   part, and of two writers at the same position only one can win.
 * - The fence is an empty file named by the generation. The highest one counts, so an old owner cannot lower it.
 */
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { KidjamoError } from '@kidjamo/stream';
import type { Lease, LogRecord, Refusal, Sink, SinkBatch, SinkBatching, SinkResult } from '@kidjamo/stream';
import type { Files } from './files.ts';

/** Where a {@link FileSink} reads and writes. */
export interface FileSinkOptions {
  readonly log: string;
  readonly folder: string;
  readonly files: Files;
}

export class FileSink implements Sink {
  readonly name = 'files';
  readonly log: string;
  readonly batching: SinkBatching = { maxRecords: 10_000, maxBytes: 8_000_000, maxDelay: 1_000 };
  readonly #options: FileSinkOptions;

  constructor(options: FileSinkOptions) {
    this.log = options.log;
    this.#options = options;
  }

  open(lease: Lease): Promise<number> {
    return coded(async () => {
      const fence = `fence-${lease.generation}`;
      const names = await this.#options.files.list(this.#folder(lease));
      if (!names.includes(fence)) {
        await this.#options.files.write(this.#path(lease, fence), '').catch(unlessTaken);
        await this.#options.files.sync(this.#folder(lease));
      }
      return await this.#position(lease);
    });
  }

  write(batch: SinkBatch, signal: AbortSignal): Promise<SinkResult> {
    return coded(async () => {
      if ((await this.#position(batch.lease)) !== batch.from) throw fenced(batch.lease);
      const refused = Array.from(batch.records).flatMap(refusal);
      if (refused.length === 0) await this.#add(batch, signal);
      return { refused };
    });
  }

  async close(): Promise<void> {
    // Every write is on the disk when it returns: nothing is left to flush.
  }

  #folder(lease: Lease): string {
    return join(this.#options.folder, lease.partition.toString());
  }

  #path(lease: Lease, name: string): string {
    return join(this.#folder(lease), name);
  }

  /** The next offset wanted: the end that the newest file names in its first line. */
  async #position(lease: Lease): Promise<number> {
    const names = await this.#options.files.list(this.#folder(lease));
    if (highest(names, /^fence-(\d+)$/) !== lease.generation) throw fenced(lease);
    const newest = highest(names, /^(\d+)\.jsonl$/);
    if (newest === undefined) return 0;
    const [first = ''] = (await this.#options.files.read(this.#path(lease, `${newest}.jsonl`))).split('\n', 1);
    return (JSON.parse(first) as { to: number }).to;
  }

  /** Writes the batch aside, then links it to its name: the step that makes it count, and that fails if another was faster. */
  async #add({ lease, from, to, records }: SinkBatch, signal: AbortSignal): Promise<void> {
    const { files } = this.#options;
    const aside = this.#path(lease, `${randomUUID()}.part`);
    const lines = [JSON.stringify({ to }), ...Array.from(records, (record) => record.value)];
    try {
      await files.write(aside, `${lines.join('\n')}\n`, signal);
      await files.link(aside, this.#path(lease, `${from}.jsonl`));
      await files.sync(this.#folder(lease));
    } catch (error) {
      throw errno(error) === 'EEXIST' ? fenced(lease) : error;
    } finally {
      await files.remove(aside);
    }
  }
}

/** Only JSON belongs into the files. The reason names the fault and never the content. */
function refusal(record: LogRecord): Refusal[] {
  try {
    JSON.parse(record.value);
    return [];
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    return [{ offset: record.offset, reason: 'the value is not JSON' }];
  }
}

function highest(names: readonly string[], pattern: RegExp): number | undefined {
  const numbers = names.flatMap((name) => pattern.exec(name)?.[1] ?? []).map(Number);
  return numbers.length === 0 ? undefined : Math.max(...numbers);
}

/** Gives what the file system says a code that the runtime can act on. */
async function coded<T>(action: () => Promise<T>): Promise<T> {
  try {
    return await action();
  } catch (error) {
    if (error instanceof KidjamoError) throw error;
    if (errno(error) === 'ENOSPC') throw new KidjamoError('DISK_FULL', 'the disk of the file sink is full', { cause: error });
    throw new KidjamoError('SINK_UNAVAILABLE', `the file sink cannot work on its folder (${errno(error) ?? 'no reason given'})`, {
      cause: error,
    });
  }
}

function fenced(lease: Lease): KidjamoError {
  return new KidjamoError(
    'FENCED',
    `partition ${lease.partition} has a younger owner than generation ${lease.generation}, or has moved on`,
  );
}

function unlessTaken(error: unknown): void {
  if (errno(error) !== 'EEXIST') throw error;
}

function errno(error: unknown): string | undefined {
  return error instanceof Error ? (error as NodeJS.ErrnoException).code : undefined;
}
