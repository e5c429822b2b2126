/**
 * Keeps processes that share a database from taking readings in on different ways. The way, and the ids of the keys under which topics are
 * written, stand in the database; who comes with others is refused. The way may change while nobody works and nothing is on its way:
 *
 * | from, to             | allowed when                                                                   |
 * |----------------------|--------------------------------------------------------------------------------|
 * | outbox, direct       | the relay has carried everything that the gateway took in                       |
 * | direct, outbox       | always: what the gateway took in is in the topic already                        |
 * | without, with Kafka  | nothing was ever taken in: state and positions belong to the log they come from |
 */

import { randomUUID } from 'node:crypto';

import { KidjamoError } from '@kidjamo/stream';
import { LOGS, TOPICS } from '@kidjamo/vitals';
import type { Pool } from 'pg';

import type { InputMode } from '../config/kafka.ts';
import { relayGroup } from '../roles/context.ts';

/** What this process would do. */
export interface MyInput {
  readonly mode: InputMode;
  /** Ids of the keys under which messages are written. */
  readonly topicsKeyId: string;
  readonly sealedKeyId: string;
}

const MODE = 'input';
const KEYS = { topics: 'topics-key', sealed: 'sealed-key' } as const;
/** Application names of processes that take readings in or carry them on. */
const WORKING = ['gateway', 'read', 'task', 'lake', 'relay', 'foreign'].map((name) => `kidjamo-${name}`);

/** @throws KidjamoError CONFIG_INVALID when this database takes readings in on another way, or writes topics under other keys. */
export async function checkInputMode(pool: Pool, mine: MyInput): Promise<void> {
  const kept = await keep(pool, MODE, (await recordedMode(pool)) ?? mine.mode);
  if (kept !== mine.mode) await change(pool, { from: kept as InputMode, to: mine.mode });
  if (mine.mode === 'embedded') return;
  const keys = [await keep(pool, KEYS.topics, mine.topicsKeyId), await keep(pool, KEYS.sealed, mine.sealedKeyId)];
  if (keys[0] === mine.topicsKeyId && keys[1] === mine.sealedKeyId) return;
  throw new KidjamoError(
    'CONFIG_INVALID',
    'the topics of this database are written under other keys: give every process the same KIDJAMO_KEY_TOPICS, KIDJAMO_KEY_SEALED and KIDJAMO_KEY_QUARANTINE, or the same home',
  );
}

/** How readings are taken into this database; undefined when nothing has been started on it yet. */
export async function recordedMode(pool: Pool): Promise<InputMode | undefined> {
  const { rows } = await pool.query<{ value: string }>('SELECT value FROM lake.identity WHERE name = $1', [MODE]);
  const [row] = rows;
  // Written by checkInputMode alone.
  if (row !== undefined) return row.value as InputMode;
  return (await tookIn(pool)) ? 'embedded' : undefined;
}

/** A name for this database that no other has, so that nobody takes positions of another for its own. */
export function databaseId(pool: Pool): Promise<string> {
  return keep(pool, 'database', randomUUID());
}

/** Writes a value where there is none, and gives the one that is there then. */
async function keep(pool: Pool, name: string, value: string): Promise<string> {
  await pool.query('INSERT INTO lake.identity (name, value) VALUES ($1, $2) ON CONFLICT (name) DO NOTHING', [name, value]);
  const { rows } = await pool.query<{ value: string }>('SELECT value FROM lake.identity WHERE name = $1', [name]);
  return rows[0]?.value ?? value;
}

async function change(pool: Pool, { from, to }: { from: InputMode; to: InputMode }): Promise<void> {
  const refuse = (why: string, remedy: string): KidjamoError =>
    new KidjamoError(
      'CONFIG_INVALID',
      `this database takes readings in ${WAYS[from]}, and this process was told to take them in ${WAYS[to]}; ${why}. Remedy: ${remedy}`,
    );
  const back = `set ${SETTING[from]}`;
  if (await inUse(pool)) throw refuse('the way is never changed while processes work on it', `${back}, or stop them first`);
  if (from === 'embedded' || to === 'embedded') {
    if (await tookIn(pool)) {
      throw refuse(
        'state and positions belong to the log they come from',
        `${back}, or begin with another database and send the readings to it`,
      );
    }
  } else if (from === 'outbox' && !(await relayed(pool))) {
    throw refuse(
      'not everything was carried to Kafka yet',
      `${back} and start it until \`kidjamo doctor\` shows no lag of ${relayGroup(LOGS.input)}`,
    );
  }
  await pool.query('UPDATE lake.identity SET value = $3 WHERE name = $1 AND value = $2', [MODE, from, to]);
}

const WAYS = {
  embedded: 'without Kafka',
  outbox: 'through PostgreSQL to Kafka (outbox)',
  direct: 'through Kafka (direct)',
} as const satisfies Record<InputMode, string>;

const SETTING = {
  embedded: 'no KAFKA_SERVERS',
  outbox: 'KAFKA_SERVERS and KIDJAMO_GATEWAY_MODE=outbox',
  direct: 'KAFKA_SERVERS and KIDJAMO_GATEWAY_MODE=direct',
} as const satisfies Record<InputMode, string>;

async function inUse(pool: Pool): Promise<boolean> {
  return isTrue(
    pool,
    `SELECT EXISTS (SELECT FROM pg_stat_activity WHERE datname = current_database() AND application_name = ANY ($1)) AS "is"`,
    [WORKING],
  );
}

async function tookIn(pool: Pool): Promise<boolean> {
  return isTrue(
    pool,
    `SELECT EXISTS (SELECT FROM stream.log_partition WHERE log = $1 AND next_offset > 0)
         OR EXISTS (SELECT FROM stream.consumer_offset WHERE log = $2 AND next_offset > 0) AS "is"`,
    [LOGS.input, TOPICS.input],
  );
}

async function relayed(pool: Pool): Promise<boolean> {
  return isTrue(
    pool,
    `SELECT NOT EXISTS (
       SELECT FROM stream.log_partition p
         LEFT JOIN stream.consumer_offset o ON (o.log, o.partition) = (p.log, p.partition) AND o.consumer_group = $2
        WHERE p.log = $1 AND p.next_offset > coalesce(o.next_offset, 0)) AS "is"`,
    [LOGS.input, relayGroup(LOGS.input)],
  );
}

async function isTrue(pool: Pool, text: string, values: readonly unknown[]): Promise<boolean> {
  const { rows } = await pool.query<{ is: boolean }>(text, [...values]);
  return rows[0]?.is === true;
}
