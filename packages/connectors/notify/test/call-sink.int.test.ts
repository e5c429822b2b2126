import { CallSink, NOTIFY_MIGRATIONS, Notifier, PostgresNotificationStore } from '@kidjamo/connector-notify';
import type { Call, CallSource, NotificationStore, NotifierOptions, NotifyRequest, ReadCall } from '@kidjamo/connector-notify';
import { listChannel, recordingObserver, sampleCall, sampleRecipient } from '@kidjamo/connector-notify/testing';
import { createTestDatabase } from '@kidjamo/connector-postgres/testing';
import type { TestDatabase } from '@kidjamo/connector-postgres/testing';
import { KidjamoError, systemClock } from '@kidjamo/stream';
import type { LogRecord, SinkBatch } from '@kidjamo/stream';
import { sinkConformance } from '@kidjamo/stream/testing';
import pg from 'pg';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';

let database: TestDatabase;
let pool: pg.Pool;
beforeAll(async () => {
  database = await createTestDatabase([NOTIFY_MIGRATIONS]);
  pool = new pg.Pool({ connectionString: database.url, max: 8 });
});
afterAll(async () => {
  await pool.end();
  await database.drop();
});
beforeEach(clear);

async function clear(): Promise<void> {
  await pool.query('TRUNCATE notification_call, notification, notification_attempt, notification_position');
}

interface Value {
  readonly i: number;
  readonly name?: string;
}

/** Every fifth call finds nobody. */
function requestOf({ i, name }: Value): NotifyRequest {
  const call = sampleCall({
    id: `step-${String(i)}`,
    at: Date.UTC(2026, 10, 21) + i,
    ...(name === undefined ? {} : { patientName: name }),
  });
  return { call, recipients: i % 5 === 4 ? [] : [sampleRecipient(`r${String(i % 3)}`, ['sms'])] };
}

function answerTo({ offset, value }: LogRecord): ReadCall {
  try {
    return { offset, request: requestOf(JSON.parse(value) as Value) };
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    return { offset, reason: 'the value is not JSON' };
  }
}

function makeSink(on: pg.Pool = pool): CallSink {
  const source: CallSource = {
    log: 'calls',
    read: (records) => Promise.resolve(Array.from(records, answerTo)),
  };
  const store = new PostgresNotificationStore(on);
  return new CallSink({ source, notifier: makeNotifier(store), store });
}

function makeNotifier(store: NotificationStore, more: Partial<NotifierOptions> = {}): Notifier {
  const channels = [listChannel('sms', [])];
  return new Notifier({ store, channels, clock: systemClock, random: () => 0.5, observer: recordingObserver(), ...more });
}

/** A sink of a process that dies before its write has an effect: there is only one. */
function mortal(): CallSink {
  const dying = new Proxy(pool, {
    get: (target, name) =>
      name === 'query'
        ? (sql: string, values: unknown[]) => {
            if (sql.startsWith('INSERT INTO notification_position')) return target.query(sql, values);
            return Promise.reject(new KidjamoError('SINK_UNAVAILABLE', 'this process has died'));
          }
        : (Reflect.get(target, name) as unknown),
  });
  return makeSink(dying);
}

sinkConformance('calls', {
  create: async () => {
    await clear();
    const nowhere = new pg.Pool({ connectionString: 'postgresql://nobody:hush-hush@127.0.0.1:1/none', connectionTimeoutMillis: 1000 });
    return {
      sink: makeSink(),
      second: () => makeSink(),
      record: (i) => ({ key: `key-${String(i % 3)}`, value: JSON.stringify({ i }) }),
      read: async () => {
        const { rows } = await pool.query<{ call_id: string }>('SELECT call_id FROM notification_call ORDER BY called_at');
        return rows.map(({ call_id: id }) => id.slice('step-'.length));
      },
      invalidRecord: { key: 'key-0', value: '{"secret": 7' },
      secrets: ['hush-hush', '"secret"', 'sms-of-r1'],
      crashBefore: mortal,
      // Plans and position are one statement.
      steps: 1,
      unavailable: () => makeSink(nowhere),
      close: () => nowhere.end(),
    };
  },
});

const LEASE = { log: 'calls', group: 'notifier', partition: 0, generation: 1 };

function batchOf(...values: readonly Value[]): SinkBatch {
  const records = values.map((value, offset) => ({ partition: 0, offset, key: 'k', value: JSON.stringify(value), time: 0 }));
  return { lease: LEASE, from: 0, to: values.length, records };
}

test('calls that find nobody are known for good, and handed back until that has worked', async () => {
  const sink = makeSink();
  await sink.open(LEASE);
  expect(await sink.write(batchOf({ i: 3 }, { i: 4 }, { i: 9 }), new AbortController().signal)).toEqual({ refused: [] });
  const handed: string[][] = [];
  const store = new PostgresNotificationStore(pool);
  const handBack = (calls: readonly Call[]): Promise<void> => {
    handed.push(calls.map(({ id }) => id).sort());
    return handed.length === 1 ? Promise.reject(new KidjamoError('LOG_UNAVAILABLE', 'away')) : Promise.resolve();
  };
  const notifier = makeNotifier(store, { handBack });
  await expect(notifier.round()).rejects.toMatchObject({ code: 'LOG_UNAVAILABLE' });
  await notifier.round();
  await notifier.round();
  const both = ['step-4', 'step-9'];
  expect(handed).toEqual([both, both]);
});

test('a call that the store cannot keep is refused by its place, with nothing written', async () => {
  const sink = makeSink();
  await sink.open(LEASE);
  const batch = batchOf({ i: 0 }, { i: 1, name: 'a\u0000b' }, { i: 2 });
  expect(await sink.write(batch, new AbortController().signal)).toMatchObject({ refused: [{ offset: 1 }] });
  expect((await pool.query('SELECT FROM notification_call')).rowCount).toBe(0);
  expect(await sink.open(LEASE)).toBe(0);
});

test('a call that reaches nobody, at a time that is none, is refused as well', async () => {
  const sink = makeSink();
  await sink.open(LEASE);
  expect(await sink.write(batchOf({ i: 9e15 + 4 }, { i: 0 }), new AbortController().signal)).toMatchObject({ refused: [{ offset: 0 }] });
});

test('the same step in two records is one call', async () => {
  const sink = makeSink();
  await sink.open(LEASE);
  expect(await sink.write(batchOf({ i: 0 }, { i: 0 }), new AbortController().signal)).toEqual({ refused: [] });
  expect((await pool.query('SELECT FROM notification')).rowCount).toBe(1);
  expect(await sink.open(LEASE)).toBe(2);
});
