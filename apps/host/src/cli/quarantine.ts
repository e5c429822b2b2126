/** `kidjamo quarantine`: look at payloads that could not be taken as they came, release them, discard them. */

import { isUtf8 } from 'node:buffer';

import { KidjamoError } from '@kidjamo/stream';
import { discardQuarantined, openQuarantined } from '@kidjamo/vitals';
import type { OpenedPayload } from '@kidjamo/vitals';
import type { Command } from 'commander';

import { readSettings } from '../config/settings.ts';
import { openKeys } from '../home/index.ts';
import { withInstance } from '../stack/instance.ts';
import type { Instance } from '../stack/instance.ts';
import { account, decided, listed, showPage, withPool } from './decision.ts';
import type { ListOptions } from './decision.ts';
import { print } from './output.ts';
import { post } from './sender.ts';

interface Deciding {
  readonly why: string;
  readonly json: boolean;
}

const UUID = /^[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$/i;

export function quarantineCommand(program: Command, exit: (code: number) => void): void {
  const quarantine = program.command('quarantine').description('payloads that could not be taken as they came').exitOverride();
  listed(quarantine.command('list').description('what there is, newest first, without its content'), [
    'held',
    'released',
    'discarded',
  ]).action(async (options: ListOptions) => {
    await withInstance(readSettings(process.env), (instance) => showPage(instance, '/api/v1/quarantine', { options, row }));
    exit(0);
  });
  quarantine
    .command('show')
    .description('one payload, decrypted with the keys of this home, with what was decided on it')
    .argument('<id>', 'its id, from the list', uuid)
    .option('--json', 'print it as JSON', false)
    .exitOverride()
    .action(async (id: string, { json }: { json: boolean }) => {
      const opened = await withInstance(readSettings(process.env), (instance) => open(instance, id));
      const { payload, ...rest } = opened;
      const text = isUtf8(payload) ? { payload: payload.toString() } : { payload_base64: payload.toString('base64') };
      print(json, { ...rest, ...text }, lines(opened, text.payload ?? text.payload_base64));
      exit(0);
    });
  decided(
    quarantine
      .command('release')
      .description('take a payload as the gateway would take it now; what still cannot be taken stays held, and says why')
      .argument('<id>', 'its id, from the list', uuid),
  ).action(async (id: string, { why, json }: Deciding) => {
    const answer = await withInstance(readSettings(process.env), (instance) =>
      post(
        {
          url: `${instance.apiUrl}/admin/quarantine/release`,
          body: JSON.stringify({ id, by: account(), why }),
          type: 'application/json',
        },
        new AbortController().signal,
      ),
    );
    const { released, waits, code, detail } = answer.body;
    if (typeof released !== 'number') {
      const told = [waits, detail].find((each) => typeof each === 'string') ?? `the instance answered ${answer.status}`;
      throw new KidjamoError(code === 'NOT_FOUND' ? 'NOT_FOUND' : 'INPUT_INVALID', `not released: ${told}`);
    }
    print(json, { ok: true, id, status: 'released', released }, [`released: ${String(released)} in the log`]);
    exit(0);
  });
  decided(
    quarantine
      .command('discard')
      .description('say that nothing more will be done with a payload; it stays, encrypted')
      .argument('<id>', 'its id, from the list', uuid),
  ).action(async (id: string, { why, json }: Deciding) => {
    await withInstance(readSettings(process.env), (instance) =>
      withPool(instance, (pool) => discardQuarantined(pool, id, { by: account(), why })),
    );
    print(json, { ok: true, id, status: 'discarded' }, ['discarded: it stays, encrypted']);
    exit(0);
  });
}

async function open(instance: Instance, id: string): Promise<OpenedPayload> {
  const { quarantine } = await openKeys(instance.home, process.env);
  const key = { id: quarantine.id, key: Buffer.from(quarantine.key, 'base64') };
  return withPool(instance, (pool) => openQuarantined(pool, id, key));
}

function row({
  quarantine_id: id,
  status,
  reason,
  field,
  source,
  received_at,
  seen,
}: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return { id, status, reason, field, source, received_at, seen };
}

function lines(opened: OpenedPayload, payload: string): string[] {
  const { status, reason, field, detail, source, receivedAt, seen, decisions } = opened;
  return [
    `${status}: ${reason}${field === null ? '' : ` at ${field}`}, ${detail}`,
    `from ${source}, received ${receivedAt.toISOString()}, seen ${String(seen)} times`,
    ...decisions.map(({ decision, by, why, at }) => `${decision} by ${by} at ${at.toISOString()}: ${why}`),
    '',
    payload,
  ];
}

function uuid(text: string): string {
  if (UUID.test(text)) return text.toLowerCase();
  throw new KidjamoError('CONFIG_INVALID', 'the id must be a UUID: `kidjamo quarantine list` names those there are');
}
