/** `kidjamo worker`: the roles that need no way in, in a process of their own. Any number of them share the work. */

import { KidjamoError } from '@kidjamo/stream';
import type { Command } from 'commander';

import { readSettings } from '../config/settings.ts';
import { ROLES } from '../roles/context.ts';
import type { Role } from '../roles/context.ts';
import { makeLogger } from '../roles/logger.ts';
import { startHost } from '../stack/host.ts';
import { print, remark } from './output.ts';
import { aborted, stopOnSignals } from './until-stopped.ts';

export function workerCommand(program: Command, exit: (code: number) => void): void {
  program
    .command('worker')
    .description('share the work of a gateway: on the database of DATABASE_URL, or of the process that owns this home')
    .option('--roles <list>', `which, of ${ROLES.join(', ')}; relay and foreign need KAFKA_SERVERS`, parseRoles, ROLES)
    .option('--json', 'print where health and metrics are as JSON', false)
    .action(async ({ roles, json }: { roles: readonly Role[]; json: boolean }) => {
      const settings = readSettings(process.env);
      const stop = stopOnSignals();
      const host = await startHost({
        settings,
        mode: 'join',
        migrate: false,
        logger: makeLogger('worker', settings.KIDJAMO_LOG_LEVEL),
        env: process.env,
        gateway: false,
        roles,
      });
      for (const notice of host.stack.notices) remark(notice);
      print(json, { ok: true, url: host.apiUrl, roles, pid: process.pid }, [`worker    ${host.apiUrl}/health   ${host.apiUrl}/metrics`]);
      await aborted(stop.signal);
      remark('stopping: what is in hand is finished');
      await host.stop();
      exit(0);
    });
}

function parseRoles(text: string): readonly Role[] {
  const names = text.split(',').map((name) => name.trim());
  const roles = ROLES.filter((role) => names.includes(role));
  if (roles.length === 0 || names.some((name) => !roles.some((role) => role === name))) {
    throw new KidjamoError('CONFIG_INVALID', `--roles must be some of ${ROLES.join(', ')}, separated by commas`);
  }
  return roles;
}
