/** `kidjamo retire`: forgets a consumer group that is gone for good, so that no log is kept for it. */

import { retireGroup } from '@kidjamo/connector-postgres';
import type { Command } from 'commander';

import { readSettings } from '../config/settings.ts';
import { withInstance } from '../stack/instance.ts';
import { withPool } from './decision.ts';
import { print } from './output.ts';

export function retireCommand(program: Command, exit: (code: number) => void): void {
  program
    .command('retire')
    .description('forget a consumer group that is gone for good: its logs are no longer kept for it')
    .argument('<group>', 'its name, as `kidjamo doctor` tells it')
    .option('--json', 'print what it had not read, by log, as JSON', false)
    .action(async (group: string, { json }: { json: boolean }) => {
      const logs = await withInstance(readSettings(process.env), (instance) => withPool(instance, (pool) => retireGroup(pool, group)));
      print(
        json,
        { ok: true, group, logs },
        logs.map(({ log, unread }) => `retired from ${log}, of which it had not read ${String(unread)} records`),
      );
      exit(0);
    });
}
