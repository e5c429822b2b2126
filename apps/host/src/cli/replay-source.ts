/** Reads a file of recorded vital signs: `source, subject, t, heart_rate, spo2, resp_rate, temperature`; blank means absent. */

import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { createGunzip } from 'node:zlib';

import { KidjamoError } from '@kidjamo/stream';
import { parse } from 'csv-parse';

/** A recorded reading. */
export interface RecordedReading {
  readonly subject: string;
  /** Seconds from the start. */
  readonly t: number;
  readonly vitals: Readonly<Record<string, number>>;
  /** Bytes of the file read so far, for the progress bar. */
  readonly bytes: number;
}

/** CSV column to the member of the gateway's format. */
const VITAL_COLUMNS = { heart_rate: 'freq_card', spo2: 'spo2_pct', resp_rate: 'freq_resp', temperature: 'temp_corp' } as const;
const REQUIRED = ['subject', 't', ...Object.keys(VITAL_COLUMNS)];

/** Size of a file in bytes. @throws KidjamoError NOT_FOUND */
export async function fileSize(path: string): Promise<number> {
  try {
    return (await stat(path)).size;
  } catch (error) {
    throw new KidjamoError('NOT_FOUND', 'the file to replay does not exist or cannot be read', { cause: error });
  }
}

/** The readings of a .csv or .csv.gz file, in file order. @throws KidjamoError INPUT_INVALID naming the line and column. */
export async function* readRecorded(path: string): AsyncGenerator<RecordedReading> {
  const file = createReadStream(path, { highWaterMark: 1 << 18 });
  const text = path.endsWith('.gz') ? file.pipe(createGunzip()) : file;
  const rows = text.pipe(parse({ relax_column_count: false, skip_empty_lines: true }));
  for (const stream of [file, text]) stream.on('error', (error: Error) => rows.destroy(error));
  let columns: Map<string, number> | undefined;
  let line = 0;
  try {
    for await (const row of rows as AsyncIterable<string[]>) {
      line += 1;
      if (columns === undefined) {
        columns = header(row);
        continue;
      }
      yield { ...reading(row, columns, line), bytes: file.bytesRead };
    }
  } catch (error) {
    if (error instanceof KidjamoError) throw error;
    throw new KidjamoError('INPUT_INVALID', `the file cannot be read after line ${line}`, { cause: error });
  }
}

function header(row: readonly string[]): Map<string, number> {
  const columns = new Map(row.map((name, index) => [name.trim(), index]));
  const missing = REQUIRED.filter((name) => !columns.has(name));
  if (missing.length > 0) throw new KidjamoError('INPUT_INVALID', `the first line lacks the column ${missing.join(', ')}`);
  return columns;
}

function reading(row: readonly string[], columns: ReadonlyMap<string, number>, line: number): Omit<RecordedReading, 'bytes'> {
  const cell = (name: string): string => row[columns.get(name) ?? -1] ?? '';
  const subject = cell('subject');
  if (subject === '') throw new KidjamoError('INPUT_INVALID', `line ${line}: subject is blank`);
  const vitals: Record<string, number> = {};
  for (const [column, member] of Object.entries(VITAL_COLUMNS)) {
    const text = cell(column);
    if (text !== '') vitals[member] = number(text, column, line);
  }
  return { subject, t: number(cell('t'), 't', line), vitals };
}

function number(text: string, column: string, line: number): number {
  const value = Number(text);
  if (text.trim() === '' || !Number.isFinite(value)) throw new KidjamoError('INPUT_INVALID', `line ${line}: ${column} is not a number`);
  return value;
}
