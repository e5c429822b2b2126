import { KidjamoError, TaskRunner, TICK_KEY } from '@kidjamo/stream';
import type { Log } from '@kidjamo/stream';
import { describe, expect, test } from 'vitest';

import { ManualClock } from '../../src/testing/index.ts';
import { harness, until } from './harness.ts';
import { entryRecord } from './ledger-task.ts';
import type { Entry } from './ledger-task.ts';

const add = (key: string): Entry => ({ key, op: 'add' });
const unavailable = () => new KidjamoError('STORE_UNAVAILABLE', 'away');

function seen(state: string | undefined): string[] {
  return state === undefined ? [] : (JSON.parse(state) as { seen: string[] }).seen;
}

describe('records', () => {
  test('are processed in the order of the log, in batches of the size asked, and each once', async () => {
    const { log, store, drain, batches } = harness();
    await log.append(Array.from({ length: 25 }, (_, i) => entryRecord(add(`k${i % 3}`))));
    await drain({ maxBatch: 10 });
    expect(store.rows.get('rows')?.map((row) => (row as { offset: number }).offset)).toEqual(Array.from({ length: 25 }, (_, i) => i));
    expect(batches).toEqual([10, 10, 5]);
    expect(store.counters.get('add')).toBe(25);
    expect(store.outputs.get('out')).toHaveLength(25);
    expect(store.outputs.get('out')?.every((record) => record.partition === 0)).toBe(true);
  });

  test('with a key applied before are duplicates or conflicts, in one batch as across batches', async () => {
    for (const maxBatch of [1, 100]) {
      const { log, store, drain } = harness();
      const once = { key: 'k', op: 'add', id: 'one' } as const;
      await log.append(
        [
          { ...once, body: 'x' },
          { ...once, body: 'x' },
          { ...once, body: 'y' },
        ].map((entry) => entryRecord(entry)),
      );
      await drain({ maxBatch });
      expect(seen(store.states.get('k'))).toEqual(['add#0 @1000', 'duplicate#1 @1000', 'conflict#2 @1000']);
      expect(store.counters.get('duplicate')).toBe(1);
      expect(store.rows.get('conflicts')).toEqual([{ offset: 2 }]);
    }
  });

  test('that cannot be parsed, or make the task throw, go to the dead letters and hold nobody up', async () => {
    const { log, store, drain, delays } = harness();
    const bad = { partition: 0, key: 'k', value: 'not JSON' };
    await log.append([
      entryRecord(add('k')),
      bad,
      entryRecord({ key: 'k', op: 'throw' }),
      entryRecord(add('k')),
      entryRecord({ key: 'k', op: 'stranger' }),
    ]);
    await drain();
    expect(store.deadLetters).toEqual([
      { offset: 1, key: 'k', value: 'not JSON', reason: 'cannot be parsed (SyntaxError)' },
      { offset: 2, key: 'k', value: '{"key":"k","op":"throw"}', reason: 'the task failed (TypeError)' },
      { offset: 4, key: 'k', value: '{"key":"k","op":"stranger"}', reason: 'the task failed (KidjamoError)' },
    ]);
    // What the failed ones had changed before they threw is not kept.
    expect(seen(store.states.get('k'))).toEqual(['add#0 @1000', 'add#3 @1000']);
    expect(store.counters.get('dead_letter')).toBe(3);
    expect(delays).toEqual([]);
  });

  test('whose rows the store refuses are found, one by one, and go to the dead letters', async () => {
    const { log, store, drain, delays } = harness();
    await log.append(Array.from({ length: 60 }, (_, i) => entryRecord(i === 17 || i === 18 ? { key: 'k', op: 'refused' } : add('k'))));
    await drain();
    expect(store.deadLetters.map(({ offset, reason }) => [offset, reason])).toEqual([
      [17, 'the store refused its rows'],
      [18, 'the store refused its rows'],
    ]);
    expect(store.counters.get('add')).toBe(58);
    expect(store.counters.has('refused')).toBe(false);
    expect(delays).toEqual([]);
  });

  test('are not blamed for a store that refuses whatever it is given', async () => {
    const { log, store, drain } = harness();
    await log.append([entryRecord(add('k'))]);
    store.beforeCommit = () => {
      throw new KidjamoError('STORE_REJECTED', 'no');
    };
    await expect(drain()).rejects.toMatchObject({ code: 'STORE_REJECTED' });
    expect(store.offset(0)).toBe(0);
  });
});

describe('timers', () => {
  test('fire exactly between the records that their due time lies between', async () => {
    for (const maxBatch of [1, 2, 100]) {
      const { clock, log, store, drain } = harness();
      await log.append([entryRecord({ key: 'k', op: 'arm', name: 'plain', after: 150 })]);
      for (const wait of [100, 50, 100]) {
        clock.advance(wait);
        await log.append([entryRecord(add('k'))]);
      }
      await drain({ maxBatch });
      expect(seen(store.states.get('k'))).toEqual([
        'arm#0 @1000',
        'add#1 @1100',
        'timer plain due 1150 @1150',
        'add#2 @1150',
        'add#3 @1250',
      ]);
    }
  });

  test('fire in the order of their due times, those armed on the way included', async () => {
    const { clock, log, store, drain } = harness();
    await log.append([
      entryRecord({ key: 'k', op: 'arm', name: 'chain', after: 10 }),
      entryRecord({ key: 'k', op: 'arm', name: 'plain', after: 20 }),
    ]);
    clock.advance(100);
    await log.append([entryRecord(add('k'))]);
    await drain();
    expect(seen(store.states.get('k')).slice(2)).toEqual([
      'timer chain due 1010 @1010',
      'timer link due 1013 @1013',
      'timer plain due 1020 @1020',
      'add#2 @1100',
    ]);
  });

  test('taken away or put off by a timer that fires before them do not fire', async () => {
    for (const name of ['cancel', 'postpone']) {
      const { clock, log, store, drain } = harness();
      await log.append([
        entryRecord({ key: 'k', op: 'arm', name: 'plain', after: 15 }),
        entryRecord({ key: 'k', op: 'arm', name, after: 10 }),
      ]);
      clock.advance(100);
      await log.append([entryRecord(add('k'))]);
      await drain();
      expect(seen(store.states.get('k')).slice(2)).toEqual([
        `timer ${name} due 1010 @1010`,
        ...(name === 'postpone' ? ['timer plain due 1017 @1017'] : []),
        'add#2 @1100',
      ]);
    }
  });

  test('that fail are taken away and counted, and hold nobody up', async () => {
    const { clock, log, store, drain } = harness();
    for (const name of ['boom', 'refused', 'plain']) await log.append([entryRecord({ key: 'k', op: 'arm', name, after: 10 })]);
    clock.advance(100);
    await log.append([entryRecord(add('k'))]);
    await drain();
    expect(seen(store.states.get('k')).slice(3)).toEqual(['timer plain due 1010 @1010', 'add#3 @1100']);
    expect(store.counters.get('timer_failed')).toBe(2);
    expect(store.timers.size).toBe(0);
    expect(store.deadLetters).toEqual([]);
  });

  test('fire without records by a tick in the log, so that a replay does the same', async () => {
    const first = harness();
    await first.log.append([entryRecord({ key: 'k', op: 'arm', name: 'chain', after: 500 })]);
    await first.drain();
    expect(first.store.timers.size).toBe(1);
    first.clock.advance(700);
    await first.drain();
    const records = await first.log.read(0, 0, 100);
    expect(records.map((record) => record.key)).toEqual(['k', TICK_KEY]);
    expect(seen(first.store.states.get('k'))).toEqual(['arm#0 @1000', 'timer chain due 1500 @1500', 'timer link due 1503 @1503']);

    const replay = harness();
    await replay.drain({ log: first.log, clock: new ManualClock(10_000_000) });
    expect(await first.log.ends()).toEqual([2]);
    expect(replay.store.states).toEqual(first.store.states);
  });
});

describe('failures', () => {
  test('a store that is away is tried again, later every time, until it works', async () => {
    const { log, store, drain, delays, errors } = harness();
    await log.append([entryRecord(add('k'))]);
    let failures = 6;
    store.beforeCommit = () => {
      if (failures-- > 0) throw unavailable();
    };
    await drain();
    expect(delays).toEqual([100, 200, 400, 800, 1000, 1000]);
    expect(errors).toHaveLength(6);
    expect(seen(store.states.get('k'))).toEqual(['add#0 @1000']);
  });

  test('the delay starts anew after a commit', async () => {
    const { log, store, drain, delays } = harness();
    await log.append([entryRecord(add('k')), entryRecord(add('k'))]);
    const plan = [true, true, false, true, false];
    store.beforeCommit = () => {
      if (plan.shift() === true) throw unavailable();
    };
    await drain({ maxBatch: 1 });
    expect(delays).toEqual([100, 200, 100]);
    expect(store.counters.get('add')).toBe(2);
  });

  test('a delay is slept on the clock, and ends at once on abort', async () => {
    const { log, store, options } = harness();
    const clock = new ManualClock(1000);
    await log.append([entryRecord(add('k'))]);
    let commits = 0;
    store.beforeCommit = () => {
      commits += 1;
      throw unavailable();
    };
    const stop = new AbortController();
    const ended = new TaskRunner(options({ clock }), store.take(0)).run(stop.signal);
    await until(() => clock.sleeping === 1);
    clock.advance(99);
    await new Promise((resolve) => setImmediate(resolve));
    expect(commits).toBe(1);
    clock.advance(1);
    await until(() => commits === 2 && clock.sleeping === 1);
    stop.abort();
    await ended;
    expect(store.commits).toBe(0);
  });

  test('a commit whose outcome is unknown is neither repeated nor lost', async () => {
    const { log, store, drain } = harness();
    await log.append(Array.from({ length: 10 }, () => entryRecord(add('k'))));
    let failures = 3;
    store.afterCommit = () => {
      if (failures-- > 0) throw unavailable();
    };
    await drain({ maxBatch: 3 });
    expect(seen(store.states.get('k'))).toHaveLength(10);
    expect(store.counters.get('add')).toBe(10);
  });

  test('a takeover ends the run, and nothing is written after it', async () => {
    const { log, store, options, errors } = harness();
    await log.append([entryRecord(add('k'))]);
    store.beforeCommit = () => void store.take(0, 'another');
    await new TaskRunner(options(), store.take(0)).run(new AbortController().signal);
    expect(store.commits).toBe(0);
    expect(store.rows.size).toBe(0);
    expect(errors).toMatchObject([{ code: 'FENCED' }]);
  });

  test('an error that only a person can heal ends the run with that error', async () => {
    const { log, store, drain } = harness();
    await log.append([entryRecord(add('k'))]);
    store.beforeCommit = () => {
      throw new KidjamoError('CONFIG_INVALID', 'a log was not opened');
    };
    await expect(drain()).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
    expect(store.deadLetters).toEqual([]);
  });

  test('a log that is away is tried again', async () => {
    const { log, store, drain, delays } = harness();
    await log.append([entryRecord(add('k'))]);
    let failures = 2;
    const flaky: Log = {
      name: log.name,
      partitions: 1,
      append: (records) => log.append(records),
      ends: () => log.ends(),
      wait: (...rest) => log.wait(...rest),
      read: async (...rest) => {
        if (failures-- > 0) throw new KidjamoError('LOG_UNAVAILABLE', 'away');
        return log.read(...rest);
      },
    };
    await drain({ log: flaky });
    expect(delays).toEqual([100, 200]);
    expect(store.counters.get('add')).toBe(1);
  });
});

describe('memory', () => {
  test('one batch is read ahead while a commit is under way, and no more', async () => {
    const { log, store, options } = harness();
    await log.append(Array.from({ length: 100 }, () => entryRecord(add('k'))));
    const reads: number[] = [];
    const watched: Log = {
      name: log.name,
      partitions: 1,
      append: (records) => log.append(records),
      ends: () => log.ends(),
      wait: (...rest) => log.wait(...rest),
      read: (partition, offset, max) => {
        reads.push(offset);
        return log.read(partition, offset, max);
      },
    };
    let release = (): void => undefined;
    store.beforeCommit = () => new Promise<void>((resolve) => (release = resolve));
    const stop = new AbortController();
    const ended = new TaskRunner(options({ log: watched, maxBatch: 10 }), store.take(0)).run(stop.signal);
    await until(() => reads.length >= 2);
    for (let turn = 0; turn < 20; turn += 1) await new Promise((resolve) => setImmediate(resolve));
    expect(reads).toEqual([0, 10]);
    release();
    await until(() => reads.length >= 3);
    expect(reads).toEqual([0, 10, 20]);
    store.beforeCommit = () => undefined;
    stop.abort();
    release();
    await ended;
    expect(store.offset(0)).toBe(20);
  });

  test('state stays in memory while there is room, and is loaded again when there is not', async () => {
    for (const [cachedStates, expected] of [
      [10, ['a', 'b', 'c']],
      [2, ['a', 'b', 'c', 'a', 'b', 'c']],
    ] as const) {
      const { log, store, drain } = harness();
      await log.append(['a', 'b', 'c', 'a', 'b', 'c'].map((key) => entryRecord(add(key))));
      await drain({ maxBatch: 1, cachedStates });
      expect(store.loaded).toEqual(expected);
      expect(seen(store.states.get('a'))).toEqual(['add#0 @1000', 'add#3 @1000']);
    }
  });

  test('state deleted is gone, for the next record as for the store', async () => {
    const { log, store, drain } = harness();
    await log.append([entryRecord(add('k')), entryRecord({ key: 'k', op: 'delete' }), entryRecord(add('k'))]);
    await drain({ maxBatch: 1 });
    expect(seen(store.states.get('k'))).toEqual(['add#2 @1000']);
  });
});
