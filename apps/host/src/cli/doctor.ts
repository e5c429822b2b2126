/** `kidjamo doctor`: what runs, what is wrong, and what to do about it. */

import type { Command } from 'commander';

import { readSettings } from '../config/settings.ts';
import { examine } from '../stack/examination.ts';
import { print } from './output.ts';

export function doctorCommand(program: Command, exit: (code: number) => void): void {
  program
    .command('doctor')
    .description('examine the running instance, its database, its lake and this machine')
    .option('--json', 'print the findings as JSON: ok, api_url, database_url, checks', false)
    .action(async ({ json }: { json: boolean }) => {
      const report = await examine(readSettings(process.env));
      const lines = report.checks.flatMap((check) => [
        `${check.ok ? 'ok  ' : 'FAIL'}  ${check.name}: ${check.detail}`,
        ...(check.remedy === undefined ? [] : [`      -> ${check.remedy}`]),
      ]);
      const where = report.api_url === null ? [] : [`gateway   ${report.api_url}`];
      print(json, report, [...where, ...lines, report.ok ? 'all well' : 'something needs attention']);
      exit(report.ok ? 0 : 1);
    });
}
