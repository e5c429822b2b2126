/** `kidjamo gateway`: gateway, read API and live page, without workers. */

import type { Command } from 'commander';

import { readSettings } from '../config/settings.ts';
import { makeLogger } from '../roles/logger.ts';
import { startHost } from '../stack/host.ts';
import { findInstance } from '../stack/instance.ts';
import { externalDatabase } from '../stack/stack.ts';
import { print, remark } from './output.ts';
import { aborted, stopOnSignals } from './until-stopped.ts';

export function gatewayCommand(program: Command, exit: (code: number) => void): void {
  program
    .command('gateway')
    .description('start gateway, read API and live page only; it owns the home, or joins the process that does')
    .option('--json', 'print where to look as JSON', false)
    .action(async ({ json }: { json: boolean }) => {
      const settings = readSettings(process.env);
      const stop = stopOnSignals();
      const host = await startHost({
        settings,
        mode: (await findInstance(settings)) === undefined ? 'own' : 'join',
        migrate: externalDatabase(settings, process.env) === undefined,
        logger: makeLogger('gateway', settings.KIDJAMO_LOG_LEVEL),
        env: process.env,
        roles: [],
      });
      for (const notice of host.stack.notices) remark(notice);
      print(json, { ok: true, api_url: host.apiUrl, home: host.stack.home, pid: process.pid }, [`gateway   ${host.apiUrl}`]);
      await aborted(stop.signal);
      remark('stopping: no more readings are taken, what was taken is finished');
      await host.stop();
      exit(0);
    });
}
