/** A process that sends notifications until it is killed or told to stop. Arguments: database, address of the receiver, longest attempt (ms). */

import { Notifier, PostgresNotificationStore, twilioSmsChannel, webhookChannel } from '@kidjamo/connector-notify';
import { recordingObserver } from '@kidjamo/connector-notify/testing';
import { systemClock } from '@kidjamo/stream';
import pg from 'pg';

import { SECRET } from './killed-notifier.ts';

const [url = '', receiver = '', sendWithin = ''] = process.argv.slice(2);
const pool = new pg.Pool({ connectionString: url });
pool.on('error', () => undefined);
const stop = new AbortController();
process.once('SIGTERM', () => stop.abort());
const notifier = new Notifier({
  store: new PostgresNotificationStore(pool),
  channels: [
    twilioSmsChannel({ baseUrl: receiver, accountSid: 'AC1', authToken: 'token', from: '+33700000000', clock: systemClock }),
    webhookChannel({ keyId: 'k1', secret: SECRET, clock: systemClock }),
  ],
  clock: systemClock,
  random: Math.random,
  observer: recordingObserver(),
  concurrency: 1,
  sendWithin: Number(sendWithin),
  claimFor: 3 * Number(sendWithin),
  pollEvery: 100,
});
await notifier.run(stop.signal);
await pool.end();
