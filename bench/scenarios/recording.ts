/** The file to replay, and a copy of it sorted by time. */

import { createReadStream, createWriteStream } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip, createGzip } from 'node:zlib';

/** A recording in both orders. */
export interface Recording {
  readonly readings: number;
  /** In file order: by patient. */
  readonly file: string;
  /** By `t`: all patients at once. */
  readonly sorted: string;
}

/** Writes both orders of `source` (.csv or .csv.gz) into `folder`, the first `limit` readings only if given. */
export async function prepareRecording(source: string, folder: string, limit = Number.POSITIVE_INFINITY): Promise<Recording> {
  const { header, lines } = await readLines(source, limit);
  const column = header.split(',').indexOf('t');
  if (column < 0) throw new Error('the file to replay has no column t');
  const keyed = lines.map((line) => ({ line, t: Number(line.split(',')[column]) }));
  const recording = { readings: lines.length, file: join(folder, 'recording.csv.gz'), sorted: join(folder, 'recording-by-t.csv.gz') };
  await writeLines(recording.file, header, lines);
  await writeLines(
    recording.sorted,
    header,
    keyed.toSorted((a, b) => a.t - b.t).map(({ line }) => line),
  );
  return recording;
}

async function readLines(source: string, limit: number): Promise<{ header: string; lines: string[] }> {
  const file = createReadStream(source);
  const text = source.endsWith('.gz') ? file.pipe(createGunzip()) : file;
  let header: string | undefined;
  const lines: string[] = [];
  for await (const line of createInterface({ input: text, crlfDelay: Number.POSITIVE_INFINITY })) {
    if (header === undefined) header = line;
    else if (line !== '') lines.push(line);
    if (lines.length >= limit) break;
  }
  file.destroy();
  if (header === undefined) throw new Error('the file to replay is empty');
  return { header, lines };
}

async function writeLines(path: string, header: string, lines: readonly string[]): Promise<void> {
  const chunk = 10_000;
  const texts = Array.from(
    { length: Math.ceil(lines.length / chunk) },
    (_, i) => `${lines.slice(i * chunk, (i + 1) * chunk).join('\n')}\n`,
  );
  await pipeline(Readable.from([`${header}\n`, ...texts]), createGzip({ level: 1 }), createWriteStream(path));
}
