/** `kidjamo replay`: recorded readings through the gateway, as an import. */

import { resolve } from 'node:path';

import { systemClock } from '@kidjamo/stream';
import type { Command } from 'commander';

import { readSettings } from '../config/settings.ts';
import { VITALS_GROUP } from '../roles/context.ts';
import { patiently } from '../stack/database-away.ts';
import { readCounters } from '../stack/lag.ts';
import { makePool } from '../stack/pool.ts';
import { withInstance } from '../stack/instance.ts';
import type { Instance } from '../stack/instance.ts';
import { appendDirectly } from './replay-direct.ts';
import { drain } from './drain.ts';
import { print, progressBar, remark, wholeNumber } from './output.ts';
import { ReplayCheckpoint } from './replay-checkpoint.ts';
import { Lanes } from './replay-lanes.ts';
import { fileSize, readRecorded } from './replay-source.ts';
import { apiReading, parseStart, postLines } from './replay-send.ts';
import type { SendCounts } from './replay-send.ts';

interface ReplayOptions {
  readonly start: string;
  readonly direct: boolean;
  readonly fresh: boolean;
  readonly lanes: number;
  readonly batch: number;
  readonly wait: boolean;
  readonly json: boolean;
}

export function replayCommand(program: Command, exit: (code: number) => void): void {
  program
    .command('replay')
    .description('import recorded readings (CSV, plain or gzipped): source, subject, t, heart_rate, spo2, resp_rate, temperature')
    .argument('<file>', 'a .csv or .csv.gz file')
    .option('--start <time>', 'event time of t = 0', '2024-01-01T00:00:00Z')
    .option('--direct', 'append to the log without passing through the gateway', false)
    .option('--fresh', 'begin at the first reading, even where an earlier run was interrupted', false)
    .option('--lanes <n>', 'requests under way at a time', wholeNumber('--lanes', 1, 64), 4)
    .option('--batch <n>', 'readings per request', wholeNumber('--batch', 1, 10_000), 1000)
    .option('--no-wait', 'return when everything is accepted, not when everything is processed')
    .option('--json', 'print the summary as JSON', false)
    .action(async (file: string, options: ReplayOptions) => {
      exit(await replay(file, options));
    });
}

async function replay(path: string, options: ReplayOptions): Promise<number> {
  const file = resolve(path);
  const start = parseStart(options.start);
  const size = await fileSize(file);
  const settings = readSettings(process.env);
  return withInstance(settings, async (instance) => {
    const pool = makePool({ url: instance.databaseUrl, name: 'replay', max: 4 }, () => undefined);
    try {
      const counters = (): Promise<ReadonlyMap<string, number>> => patiently(() => readCounters(pool, VITALS_GROUP));
      const before = await counters();
      const started = systemClock.now();
      const counts = await send({ file, start, size, instance, options });
      const accepted = systemClock.now();
      if (options.wait) {
        await drain({ pool, instance, onLag: (left) => remarkLag(left) });
      }
      const ended = systemClock.now();
      const after = await counters();
      const delta = (name: string): number => (after.get(name) ?? 0) - (before.get(name) ?? 0);
      const seconds = (ended - started) / 1000;
      const summary = {
        ok: counts.rejected === 0,
        ...counts,
        stored: delta('stored'),
        duplicate: delta('duplicate'),
        quarantined: delta('conflict') + delta('held'),
        accept_s: (accepted - started) / 1000,
        total_s: seconds,
        readings_per_s: Math.round(counts.sent / Math.max(seconds, 0.001)),
      };
      print(options.json, summary, [
        `${counts.sent} readings sent${counts.skipped === 0 ? '' : ` (${counts.skipped} were answered in an earlier run)`}, ${counts.acknowledged} acknowledged`,
        options.wait
          ? `${summary.stored} stored, ${summary.duplicate} already there, ${summary.quarantined} quarantined, ${counts.rejected} refused`
          : 'not waited for: the pipeline goes on',
        `${seconds.toFixed(1)} s, ${summary.readings_per_s} readings/s`,
      ]);
      return summary.ok ? 0 : 1;
    } finally {
      await pool.end();
    }
  });
}

interface Job {
  readonly file: string;
  readonly start: number;
  readonly size: number;
  readonly instance: Instance;
  readonly options: ReplayOptions;
}

/** How often the checkpoint is written, in readings. */
const CHECKPOINT_EVERY = 20_000;

async function send(job: Job): Promise<SendCounts & { skipped: number }> {
  const { file, start, size, instance, options } = job;
  const checkpoint = await ReplayCheckpoint.of(instance.home, file, start);
  const skipped = options.fresh ? 0 : await checkpoint.read();
  if (skipped > 0) remark(`resuming after ${skipped} readings that were answered in an earlier run (--fresh begins again)`);
  const counts: SendCounts = { sent: 0, acknowledged: 0, rejected: 0 };
  const stop = new AbortController();
  const direct = options.direct ? await appendDirectly(instance, counts) : undefined;
  const post = (lines: readonly string[]): Promise<void> => postLines(instance.apiUrl, lines, { counts, signal: stop.signal });
  const lanes = new Lanes(options.lanes, options.batch, direct?.append ?? post);
  const bar = progressBar('replay {bar} {percentage}% | {readings} readings | {rate}/s | {eta_formatted} left', size, {
    readings: 0,
    rate: 0,
  });
  const began = systemClock.now();
  let seen = 0;
  try {
    for await (const reading of readRecorded(file)) {
      seen += 1;
      if (seen <= skipped) lanes.skip();
      else await lanes.add({ subject: reading.subject, text: apiReading(reading, start) });
      if (seen % 2000 === 0) {
        const rate = Math.round(((seen - skipped) / Math.max(1, systemClock.now() - began)) * 1000);
        bar.update(reading.bytes, { readings: seen, rate });
      }
      if (seen % CHECKPOINT_EVERY === 0) await checkpoint.write(lanes.answered);
    }
    await lanes.finish();
    await checkpoint.remove();
  } catch (error) {
    stop.abort();
    await checkpoint.write(lanes.answered);
    throw error;
  } finally {
    bar.stop();
    await direct?.close();
  }
  return { ...counts, skipped };
}

function remarkLag(left: number): void {
  if (process.stderr.isTTY) process.stderr.write(`\r${String(left)} records to process   `);
}
