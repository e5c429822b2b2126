/** `kidjamo device assign`: says which patient wears a device, and releases the readings that waited for it. */

import { KidjamoError } from '@kidjamo/stream';
import type { Command } from 'commander';

import { readSettings } from '../config/settings.ts';
import { withInstance } from '../stack/instance.ts';
import { account } from './decision.ts';
import { print } from './output.ts';
import { post } from './sender.ts';

interface AssignOptions {
  readonly device: string;
  readonly patient: string;
  readonly json: boolean;
}

export function deviceCommand(program: Command, exit: (code: number) => void): void {
  const device = program.command('device').description('devices and the patients who wear them').exitOverride();
  device
    .command('assign')
    .description('assign a device to a patient; readings that waited for it are taken out of quarantine')
    .requiredOption('--device <id>', 'the id that the device gives')
    .requiredOption('--patient <id>', 'the id that it gives for the patient')
    .option('--json', 'print the outcome as JSON', false)
    .exitOverride()
    .action(async (options: AssignOptions) => {
      const { patient, device: id } = options;
      const answer = await withInstance(readSettings(process.env), (instance) =>
        post(
          {
            url: `${instance.apiUrl}/admin/assignments`,
            body: JSON.stringify({ patient, device: id, by: account() }),
            type: 'application/json',
          },
          new AbortController().signal,
        ),
      );
      if (answer.status !== 200) throw new KidjamoError('INPUT_INVALID', `the instance refused the assignment (${answer.status})`);
      const { released, waiting } = answer.body;
      print(options.json, { ok: true, released, waiting }, [
        `assigned; ${String(released)} readings released, ${String(waiting)} still wait`,
      ]);
      exit(0);
    });
}
