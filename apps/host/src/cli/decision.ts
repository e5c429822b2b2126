/** What the commands have in common by which people look at what could not be processed, and decide on it. */

import { userInfo } from 'node:os';

import { KidjamoError } from '@kidjamo/stream';
import type { Command } from 'commander';

import type { Instance } from '../stack/instance.ts';
import { makePool } from '../stack/pool.ts';
import type { Pool } from 'pg';
import { print, wholeNumber } from './output.ts';
import { table } from './table.ts';

const LONGEST_WHY = 500;

/** The name of the account under which the command runs. */
export function account(): string {
  try {
    return userInfo().username;
  } catch {
    // An account without an entry, as in containers that run under a number.
    return `uid ${String(process.getuid?.() ?? 'unknown')}`;
  }
}

/** Options of a list. */
export interface ListOptions {
  readonly status?: string;
  readonly limit: number;
  readonly cursor?: string;
  readonly json: boolean;
}

/** Adds the options of a list that the read API pages. */
export function listed(command: Command, statuses: readonly string[]): Command {
  return command
    .option('--status <status>', `only those that are ${statuses.join(', ')}`)
    .option('--limit <n>', 'how many at most', wholeNumber('--limit', 1, 1000), 50)
    .option('--cursor <cursor>', 'go on where an earlier list ended')
    .option('--json', 'print items and next_cursor as JSON', false)
    .exitOverride();
}

/** Adds what a decision needs. */
export function decided(command: Command): Command {
  return command
    .requiredOption('--why <reason>', `why, in up to ${LONGEST_WHY} characters: it is written down beside your account`, why)
    .option('--json', 'print the outcome as JSON', false)
    .exitOverride();
}

function why(text: string): string {
  const given = text.trim();
  if (given.length > 0 && given.length <= LONGEST_WHY) return given;
  throw new KidjamoError('CONFIG_INVALID', `--why must have 1 to ${LONGEST_WHY} characters`);
}

type Row = Readonly<Record<string, unknown>>;

/**
 * A page of a list of the read API.
 * @throws KidjamoError CONFIG_INVALID when it refuses an option; INSTANCE_UNREACHABLE.
 */
export async function showPage(instance: Instance, path: string, view: { options: ListOptions; row: (item: Row) => Row }): Promise<void> {
  const { status, limit, cursor, json } = view.options;
  const query = new URLSearchParams({ limit: String(limit) });
  if (status !== undefined) query.set('status', status);
  if (cursor !== undefined) query.set('cursor', cursor);
  const response = await fetch(`${instance.apiUrl}${path}?${query.toString()}`).catch((error: unknown) => {
    throw new KidjamoError('INSTANCE_UNREACHABLE', 'the gateway does not answer: see `kidjamo doctor`', { cause: error });
  });
  const answer = (await response.json()) as { items: Row[]; next_cursor: string | null; detail?: string };
  if (response.status === 422) throw new KidjamoError('CONFIG_INVALID', `the list was refused: ${answer.detail ?? 'an option is wrong'}`);
  if (!response.ok) throw new KidjamoError('INSTANCE_UNREACHABLE', `the gateway answered ${response.status}: see \`kidjamo doctor\``);
  const items = answer.items.map(view.row);
  print(json, { items, next_cursor: answer.next_cursor }, [
    ...table(items),
    ...(answer.next_cursor === null ? [] : [`more: --cursor ${answer.next_cursor}`]),
  ]);
}

/** Lends a connection to the database of an instance. */
export async function withPool<T>(instance: Instance, work: (pool: Pool) => Promise<T>): Promise<T> {
  const pool = makePool({ url: instance.databaseUrl, name: 'decision', max: 1, statementTimeout: 10_000 }, () => undefined);
  try {
    return await work(pool);
  } finally {
    await pool.end();
  }
}
