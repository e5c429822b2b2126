/** `kidjamo dlq`: look at records that a task or a sink could not process, send them again, discard them. */

import { discardDeadLetter, readDeadLetter, replayDeadLetter } from '@kidjamo/connector-postgres';
import type { DeadLetterId } from '@kidjamo/connector-postgres';
import { KidjamoError } from '@kidjamo/stream';
import type { Command } from 'commander';

import { readSettings } from '../config/settings.ts';
import { VITALS_GROUP } from '../roles/context.ts';
import { withInstance } from '../stack/instance.ts';
import { account, decided, listed, showPage, withPool } from './decision.ts';
import type { ListOptions } from './decision.ts';
import { print } from './output.ts';

interface Deciding {
  readonly why: string;
  readonly json: boolean;
}

const ID = /^([\w.:-]{1,100})\/([\w.:-]{1,100})\/(\d{1,9})\/(\d{1,15})$/;

export function dlqCommand(program: Command, exit: (code: number) => void): void {
  const dlq = program.command('dlq').description('dead letters: records that the task or a sink could not process').exitOverride();
  listed(dlq.command('list').description('what there is, without its content'), ['held', 'replayed', 'discarded']).action(
    async (options: ListOptions) => {
      await withInstance(readSettings(process.env), (instance) => showPage(instance, '/api/v1/dead-letters', { options, row }));
      exit(0);
    },
  );
  dlq
    .command('show')
    .description('one dead letter whole, with what was decided on it')
    .argument('<id>', 'its id, from the list', letterId)
    .option('--json', 'print it as JSON', false)
    .exitOverride()
    .action(async (id: DeadLetterId, { json }: { json: boolean }) => {
      const letter = await withInstance(readSettings(process.env), (instance) => withPool(instance, (pool) => readDeadLetter(pool, id)));
      const { decided: decision, status, reason, createdAt } = letter;
      print(json, { id: nameOf(id), ...letter }, [
        `${status}: ${reason}, ${createdAt.toISOString()}`,
        ...(decision === null ? [] : [`${status} by ${decision.by} at ${decision.at.toISOString()}: ${decision.why}`]),
        '',
        letter.value,
      ]);
      exit(0);
    });
  decided(
    dlq
      .command('replay')
      .description('send a dead letter of the task again, as new input; a reading stored meanwhile is a duplicate')
      .argument('<id>', 'its id, from the list', letterId),
  ).action(async (id: DeadLetterId, { why, json }: Deciding) => {
    // Sent again, a sink's record would come twice to every other sink of its log.
    if (id.group !== VITALS_GROUP)
      throw new KidjamoError(
        'INPUT_INVALID',
        'only dead letters of the task can be sent again: those of a sink are in the store all the same',
      );
    const offset = await withInstance(readSettings(process.env), (instance) =>
      withPool(instance, (pool) => replayDeadLetter(pool, id, { by: account(), why })),
    );
    print(json, { ok: true, id: nameOf(id), status: 'replayed', new_offset: offset }, [`sent again, as offset ${String(offset)}`]);
    exit(0);
  });
  decided(
    dlq
      .command('discard')
      .description('say that nothing more will be done with a dead letter; it stays')
      .argument('<id>', 'its id, from the list', letterId),
  ).action(async (id: DeadLetterId, { why, json }: Deciding) => {
    await withInstance(readSettings(process.env), (instance) =>
      withPool(instance, (pool) => discardDeadLetter(pool, id, { by: account(), why })),
    );
    print(json, { ok: true, id: nameOf(id), status: 'discarded' }, ['discarded: it stays where it is']);
    exit(0);
  });
}

function row(item: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const { log, consumer_group: group, partition, record_offset: offset, status, reason, created_at } = item;
  return { id: [log, group, partition, offset].map(String).join('/'), status, reason, created_at };
}

function nameOf({ log, group, partition, offset }: DeadLetterId): string {
  return `${log}/${group}/${String(partition)}/${String(offset)}`;
}

function letterId(text: string): DeadLetterId {
  const [, log, group, partition, offset] = ID.exec(text) ?? [];
  if (log === undefined || group === undefined)
    throw new KidjamoError('CONFIG_INVALID', 'the id must be LOG/GROUP/PARTITION/OFFSET: `kidjamo dlq list` names those there are');
  return { log, group, partition: Number(partition), offset: Number(offset) };
}
