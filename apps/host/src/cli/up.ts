/** `kidjamo up`: everything in one process, until it is told to stop. */

import { systemClock } from '@kidjamo/stream';
import type { Command } from 'commander';

import { readSettings } from '../config/settings.ts';
import { makeLogger } from '../roles/logger.ts';
import { startHost } from '../stack/host.ts';
import { externalDatabase } from '../stack/stack.ts';
import { print, remark, wholeNumber } from './output.ts';
import { addDemoPeople, lookAfterAll } from './demo-people.ts';
import { simulate } from './simulate.ts';
import { aborted, stopOnSignals } from './until-stopped.ts';

interface UpOptions {
  readonly demo: boolean;
  readonly join: boolean;
  readonly migrate: boolean;
  readonly seed: number;
  readonly json: boolean;
}

export function upCommand(program: Command, exit: (code: number) => void): void {
  program
    .command('up')
    .description('start gateway, task, lake and live page in one process, and with KAFKA_SERVERS the relays')
    .option('--demo', 'with three simulated patients; applies migrations', false)
    .option('--join', 'share the work of the instance that owns this home: same database, keys and lake, another port', false)
    .option('--no-migrate', 'do not apply migrations to the embedded database')
    .option('--seed <n>', 'seed of the simulated patients', wholeNumber('--seed', 0, 2 ** 32 - 1), 1)
    .option('--json', 'print where to look as JSON', false)
    .action(async (options: UpOptions) => {
      await up(options);
      exit(0);
    });
}

async function up(options: UpOptions): Promise<void> {
  const settings = readSettings(process.env);
  const logger = makeLogger('host', settings.KIDJAMO_LOG_LEVEL);
  const stop = stopOnSignals();
  const embedded = externalDatabase(settings, process.env) === undefined;
  const host = await startHost({
    settings,
    mode: options.join ? 'join' : 'own',
    migrate: options.demo || (options.migrate && embedded),
    topics: true,
    logger,
    env: process.env,
  });
  for (const notice of host.stack.notices) remark(notice);
  print(options.json, { ok: true, api_url: host.apiUrl, home: host.stack.home, lake: host.stack.lakeRoot, pid: process.pid }, [
    '',
    `  Kidjamo is up.   Live page   ${host.apiUrl}/`,
    `                   Alerts      ${host.apiUrl}/api/v1/alerts`,
    `                   Health      ${host.apiUrl}/health   ${host.apiUrl}/ready   ${host.apiUrl}/metrics`,
    `                   Home        ${host.stack.home}`,
    ...(options.demo ? ['', '  Three simulated patients send readings. Not a medical device.'] : []),
    '  Ctrl-C stops it.',
    '',
  ]);
  const door = { api: host.apiUrl, token: settings.KIDJAMO_OPERATOR_TOKEN };
  const demo = options.demo ? simulatePatients(door, options.seed, stop.signal) : Promise.resolve();
  demo.catch((error: unknown) => {
    logger.error({ err: error }, 'the simulated patients stopped');
  });
  await aborted(stop.signal);
  remark('stopping: no more readings are taken, what was taken is finished');
  await Promise.allSettled([demo]);
  await host.stop();
}

/** A quarter of an hour of history at once, then life at its own pace with a reading each five seconds. */
async function simulatePatients(
  { api, token }: { readonly api: string; readonly token: string },
  seed: number,
  signal: AbortSignal,
): Promise<void> {
  const door = { api, token, now: systemClock.now() };
  const people = await addDemoPeople(door);
  await simulate({ api, minutes: 15, speed: 1_000_000, seed }, signal);
  if (people !== undefined) await lookAfterAll(door, people);
  for (let day = 1; !signal.aborted; day += 1) {
    await simulate({ api, minutes: 24 * 60, speed: 1, seed: seed + day, intervalS: 5 }, signal);
    await systemClock.sleep(0, signal);
  }
}
