/** `kidjamo notify test`: sends somebody a message that says it is a test, the way an alarm would go. */

import { randomUUID } from 'node:crypto';

import { Notifier, PostgresNotificationStore } from '@kidjamo/connector-notify';
import type { Call, NotifierObserver, Recipient } from '@kidjamo/connector-notify';
import { KidjamoError, systemClock } from '@kidjamo/stream';
import { OPERATOR, People, recipientOf } from '@kidjamo/vitals';
import type { Command } from 'commander';
import type { Pool } from 'pg';

import { notifyUse, openChannels } from '../config/notify.ts';
import { readSettings } from '../config/settings.ts';
import { findInstance } from '../stack/instance.ts';
import { makePool } from '../stack/pool.ts';
import { print } from './output.ts';

/** How long the command waits for the end, ms. */
const WITHIN = 30_000;
const LOOK_EVERY = 100;

const USER_ID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

interface Delivery {
  readonly channel: string;
  readonly state: string;
  readonly reason: string;
}

export function notifyCommand(program: Command, exit: (code: number) => void): void {
  const notify = program.command('notify').description('how people are told of alarms').exitOverride();
  notify
    .command('test')
    .description('send a person a message that says it is a test; give the NOTIFY_* settings of the instance')
    .requiredOption('--to <user_id>', 'the person, by the id that GET /api/v1/patients/{id}/team tells')
    .option('--json', 'print what became of it as JSON', false)
    .exitOverride()
    .action(async ({ to, json }: { to: string; json: boolean }) => {
      const deliveries = await sendTest(to);
      const ok = deliveries.some(({ state }) => state === 'delivered');
      const lines = deliveries.map(({ channel, state, reason }) => `${channel}   ${state}${reason === '' ? '' : `: ${reason}`}`);
      print(json, { ok, deliveries }, lines);
      exit(ok ? 0 : 1);
    });
}

async function sendTest(to: string): Promise<readonly Delivery[]> {
  if (!USER_ID.test(to)) throw new KidjamoError('CONFIG_INVALID', '--to must be the user_id of a person, a UUID');
  const settings = readSettings(process.env);
  const use = await notifyUse(settings);
  const instance = await findInstance(settings);
  if (instance === undefined) {
    throw new KidjamoError('INSTANCE_UNREACHABLE', 'none is running for this home, and it is the instance that sends: kidjamo up');
  }
  const pool = makePool({ url: instance.databaseUrl, name: 'notify-test', max: 2, statementTimeout: 10_000 }, () => undefined);
  try {
    const person = await new People({ pool, clock: systemClock }).person(OPERATOR, to);
    const call: Call = {
      id: `test-${randomUUID()}`,
      patient: undefined,
      severity: 'info',
      level: 0,
      class: 'clinical',
      reason: 'test',
      alarms: [],
      at: systemClock.now(),
      link: `${use.publicUrl === '' ? instance.apiUrl : use.publicUrl}/`,
    };
    const store = new PostgresNotificationStore(pool);
    const notifier = new Notifier({ store, channels: await openChannels(use), clock: systemClock, random: Math.random, observer: SILENT });
    const { deliveries } = await notifier.notify([{ call, recipients: [awake(recipientOf(person, 'critical'))] }]);
    if (deliveries === 0) throw new KidjamoError('NOT_FOUND', 'no channel that is set (NOTIFY_*) reaches this person');
    return await outcome(pool, call.id);
  } finally {
    await pool.end();
  }
}

/** Whoever asks for a test wants it now. */
function awake({ id, language, timeZone, channels }: Recipient): Recipient {
  return { id, language, timeZone, channels };
}

/** What became of it, once it is delivered or nothing more can happen, or when time is over. */
async function outcome(pool: Pool, call: string): Promise<readonly Delivery[]> {
  const until = systemClock.now() + WITHIN;
  for (;;) {
    const { rows } = await pool.query<Delivery>('SELECT channel, state, reason FROM notification WHERE call_id = $1 ORDER BY place', [
      call,
    ]);
    const ended = rows.some(({ state }) => state === 'delivered') || rows.every(({ state }) => state === 'failed');
    if (ended || systemClock.now() >= until) return rows;
    await systemClock.sleep(LOOK_EVERY);
  }
}

/** The instance counts and logs what it sends. */
const SILENT: NotifierObserver = {
  planned: () => undefined,
  unreachable: () => undefined,
  unreached: () => undefined,
  attempted: () => undefined,
  possibleDuplicate: () => undefined,
  fellBack: () => undefined,
  undeliverable: () => undefined,
  gone: () => undefined,
  failed: () => undefined,
};
