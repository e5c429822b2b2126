/** `kidjamo migrate`: brings a database to the schema of this version. */

import type { Command } from 'commander';

import { readSettings } from '../config/settings.ts';
import { externalDatabase } from '../stack/stack.ts';
import { findInstance, withInstance } from '../stack/instance.ts';
import { migrateAll } from '../stack/migrations.ts';
import { makePool } from '../stack/pool.ts';
import { print } from './output.ts';

export function migrateCommand(program: Command, exit: (code: number) => void): void {
  program
    .command('migrate')
    .description('apply the migrations that the database lacks')
    .option('--json', 'print what was applied as JSON', false)
    .action(async ({ json }: { json: boolean }) => {
      const settings = readSettings(process.env);
      const url = externalDatabase(settings, process.env) ?? (await findInstance(settings))?.databaseUrl;
      const applied = url === undefined ? await withInstance(settings, (instance) => apply(instance.databaseUrl)) : await apply(url);
      print(json, { ok: true, applied }, applied.length === 0 ? ['nothing to apply'] : applied.map((name) => `applied ${name}`));
      exit(0);
    });
}

async function apply(url: string): Promise<string[]> {
  const pool = makePool({ url, name: 'migrate', max: 1 }, () => undefined);
  try {
    return (await migrateAll(pool)).map(({ set, version, name }) => `${set}/${String(version).padStart(4, '0')}_${name}`);
  } finally {
    await pool.end();
  }
}
