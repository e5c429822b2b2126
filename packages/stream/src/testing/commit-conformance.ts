/** The Commit contract, as tests: membership of a consumer group, and the fenced, atomic commit. */

import { describe, expect, test } from 'vitest';

import type { Changes, Lease, Membership, Move, Position, TaskStore } from '../contracts/commit.ts';
import { hasCode, KidjamoError } from '../errors.ts';

/** What the suites need of an implementation: a new group that has consumed nothing, of a log with {@link COMMIT_PARTITIONS} partitions. */
export interface CommitUnderTest {
  readonly log: string;
  readonly group: string;
  /** Two logs to which the task may emit. */
  readonly outputs: readonly string[];
  /** The store as one process has it. It takes rows for the table {@link ROW_TABLE}. */
  readonly store: TaskStore;
  /** A member of the group, as a process of its own has it. */
  member(name: string): Membership;
  /** Makes a member's presence and leases run out, as when it has sent no heartbeat for long. */
  lapse(name: string): Promise<void>;
  /** Number of statements of a commit that has something for each of them. */
  readonly steps: number;
  /** A store whose next commit loses its connection before statement `step` (1 is the first) of the transaction. */
  crashBefore(step: number): TaskStore;
  /** A store whose next commit succeeds and loses its connection before the answer comes. */
  crashAfterCommit(): TaskStore;
  /** Commits on `lease` and stops for ever in the middle, with the transaction open; absent where there are no transactions to leave open. */
  readonly stopInside?: (lease: Lease, move: Move, changes: Changes) => Promise<StoppedCommit>;
  /** How far the group has come in a partition, by what lag tools see. */
  offset(partition: number): Promise<number>;
  /** Everything visible: equal for two groups that did the same. Holds no times of its own and no names of logs and groups. */
  snapshot(): Promise<unknown>;
  close(): Promise<void>;
}

/** A commit stopped in the middle. */
export interface StoppedCommit {
  /** Lets it go on; rejects if it cannot. */
  resume(): Promise<void>;
}

export const COMMIT_PARTITIONS = 4;
/** Rows are `{ id: string, digest: string, n: number }`. */
export const ROW_TABLE = 'conformance_row';

const BATCHES = 4;

/** Declares the suite on membership. `create` is called for every test. */
export function membershipConformance(name: string, create: () => Promise<CommitUnderTest>): void {
  const withGroup = makeWith(create);

  describe(`Membership contract: ${name}`, () => {
    withGroup('a member alone gets every partition, each with a generation', async ({ log, group, member }) => {
      const { leases, release } = await member('a').heartbeat();
      expect(leases.map((lease) => lease.partition)).toEqual([0, 1, 2, 3]);
      for (const lease of leases) expect(lease).toMatchObject({ log, group });
      expect(leases.every((lease) => lease.generation > 0)).toBe(true);
      expect(release).toEqual([]);
    });

    withGroup('a heartbeat renews without a new generation', async ({ member }) => {
      const a = member('a');
      const first = await a.heartbeat();
      expect(await a.heartbeat()).toEqual(first);
    });

    withGroup('two members share the partitions fairly', async ({ member }) => {
      const [a, b] = [member('a'), member('b')];
      const before = (await a.heartbeat()).leases;
      expect((await b.heartbeat()).leases).toEqual([]);
      const { leases, release } = await a.heartbeat();
      expect(leases).toEqual(before);
      expect(release).toHaveLength(2);
      for (const lease of release) await a.release(lease);
      const mine = (await a.heartbeat()).leases;
      const yours = (await b.heartbeat()).leases;
      expect(mine).toHaveLength(2);
      expect(yours.map((lease) => lease.partition).sort()).toEqual(release.map((lease) => lease.partition).sort());
      for (const lease of yours) {
        expect(lease.generation).toBeGreaterThan(
          before.find((old) => old.partition === lease.partition)?.generation ?? Number.POSITIVE_INFINITY,
        );
      }
    });

    withGroup('no partition has two owners, whoever comes first', async ({ member }) => {
      const members = ['a', 'b', 'c'].map(member);
      for (let round = 0; round < 4; round += 1) {
        const all = await Promise.all(members.map((each) => each.heartbeat()));
        const owned = all.flatMap((assignment) => assignment.leases.map((lease) => lease.partition));
        expect(new Set(owned).size).toBe(owned.length);
        await Promise.all(all.flatMap(({ release }, i) => release.map(async (lease) => members[i]?.release(lease))));
      }
      const final = [];
      for (const each of members) final.push(...(await each.heartbeat()).leases.map((lease) => lease.partition));
      expect(final.sort()).toEqual([0, 1, 2, 3]);
    });

    withGroup('a member that stopped sending heartbeats loses its partitions, and the generation rises', async ({ member, lapse }) => {
      const old = (await member('a').heartbeat()).leases;
      await lapse('a');
      const taken = (await member('b').heartbeat()).leases;
      expect(taken.map((lease) => lease.partition)).toEqual([0, 1, 2, 3]);
      taken.forEach((lease, i) => expect(lease.generation).toBeGreaterThan(old[i]?.generation ?? Number.POSITIVE_INFINITY));
    });

    withGroup('a member that comes back takes nothing from those who took over', async ({ member, lapse }) => {
      const [a, b] = [member('a'), member('b')];
      await a.heartbeat();
      await lapse('a');
      const taken = (await b.heartbeat()).leases;
      expect((await a.heartbeat()).leases).toEqual([]);
      expect((await b.heartbeat()).leases).toEqual(taken);
    });

    withGroup('release and leave free partitions at once', async ({ member }) => {
      const [a, b] = [member('a'), member('b')];
      await a.heartbeat();
      await a.leave();
      expect((await b.heartbeat()).leases).toHaveLength(4);
    });

    withGroup('releasing a lease that is worthless changes nothing', async ({ member, lapse }) => {
      const [a, b] = [member('a'), member('b')];
      const [old] = (await a.heartbeat()).leases;
      await lapse('a');
      const taken = (await b.heartbeat()).leases;
      if (old !== undefined) await a.release(old);
      expect((await b.heartbeat()).leases).toEqual(taken);
    });

    withGroup('what is reported never moves backwards', async ({ member, offset }) => {
      const a = member('a');
      const [lease] = (await a.heartbeat()).leases;
      expect(lease).toBeDefined();
      if (lease === undefined) return;
      await a.report(lease, 7);
      await a.report(lease, 3);
      expect(await offset(lease.partition)).toBe(7);
      expect(await offset(1)).toBe(0);
    });
  });
}

/** Declares the suite on the commit. `create` is called for every test. */
export function taskStoreConformance(name: string, create: () => Promise<CommitUnderTest>): void {
  const withGroup = makeWith(create);
  const START: Position = { offset: 0, logTime: 0 };

  describe(`TaskStore contract: ${name}`, () => {
    withGroup('a commit makes everything visible and moves the position', async (subject) => {
      const { store } = subject;
      const lease = await leaseOf(subject);
      expect(await store.position(lease)).toEqual(START);
      await store.commit(lease, { from: START, to: positionAfter(0) }, changesOf(subject, 0));
      expect(await store.position(lease)).toEqual(positionAfter(0));
      expect([...(await store.loadStates(lease, ['state', 'gone', 'absent']))].sort()).toEqual([
        ['gone', '{"set":0}'],
        ['state', '{"n":0,"text":"é😀\\\\\\"\\n"}'],
      ]);
      expect(await store.known(['row-0', 'row-1'].map(keyOf))).toEqual(new Map([['row-0', { digest: 'digest-0' }]]));
      expect(await store.nextTimer(lease)).toBe(1_000_000);
      expect(await subject.offset(lease.partition)).toBe(10);
    });

    withGroup('state and timers can be replaced and taken away', async (subject) => {
      const { store } = subject;
      const lease = await leaseOf(subject);
      await commitAll(subject, lease);
      expect([...(await store.loadStates(lease, ['state', 'gone']))]).toEqual([['state', `{"n":${BATCHES - 1},"text":"é😀\\\\\\"\\n"}`]]);
      const timers = await store.dueTimers(lease, 10_000_000, 100);
      expect(timers.map((timer) => timer.name)).toEqual(['kept', 'moved']);
    });

    withGroup('timers come back to the microsecond, earliest first, up to the time asked', async (subject) => {
      const { store } = subject;
      const lease = await leaseOf(subject);
      // As many times as a day has: those that binary fractions cannot hold are among them.
      const dues = Array.from({ length: 200 }, (_, i) => 1_790_000_000_000 + i * 7919 + (i % 1000) / 1000);
      const timers = new Map(dues.map((due, i) => [`k${i}\nt`, { key: `k${i}`, name: 't', due }]));
      await store.commit(lease, { from: START, to: { offset: 1, logTime: 1_790_000_000_000.123 } }, { ...nothing(), timers });
      expect(await store.position(lease)).toEqual({ offset: 1, logTime: 1_790_000_000_000.123 });
      expect((await store.dueTimers(lease, Number.MAX_SAFE_INTEGER / 1000, 1000)).map((timer) => timer.due)).toEqual(dues);
      for (const [i, due] of dues.entries()) expect(await store.dueTimers(lease, due, 1000)).toHaveLength(i + 1);
      expect(await store.nextTimer(lease)).toBe(dues[0]);
      expect(await store.dueTimers(lease, dues[5] ?? 0, 3)).toHaveLength(3);
    });

    withGroup('timers and positions of partitions are apart', async (subject) => {
      const { store, member } = subject;
      const [first, second] = (await member('a').heartbeat()).leases;
      if (first === undefined || second === undefined) throw new KidjamoError('CONFORMANCE', 'a member alone gets every partition');
      await store.commit(first, { from: START, to: positionAfter(0) }, changesOf(subject, 0));
      expect(await store.position(second)).toEqual(START);
      expect(await store.nextTimer(second)).toBeUndefined();
      expect(await store.dueTimers(second, 10_000_000, 10)).toEqual([]);
    });

    withGroup('a commit of nothing but the position is a commit', async (subject) => {
      const lease = await leaseOf(subject);
      await subject.store.commit(lease, { from: START, to: positionAfter(0) }, nothing());
      expect(await subject.store.position(lease)).toEqual(positionAfter(0));
    });

    withGroup('a zombie is fenced and changes nothing', async (subject) => {
      const { store, member, lapse } = subject;
      const zombie = await leaseOf(subject, 'a');
      await store.commit(zombie, { from: START, to: positionAfter(0) }, changesOf(subject, 0));
      await lapse('a');
      const lease = (await member('b').heartbeat()).leases.find((each) => each.partition === zombie.partition);
      const before = await subject.snapshot();
      await expect(store.position(zombie)).rejects.toMatchObject({ code: 'FENCED', retryable: false });
      await expect(store.commit(zombie, { from: positionAfter(0), to: positionAfter(1) }, changesOf(subject, 1))).rejects.toMatchObject({
        code: 'FENCED',
      });
      expect(await subject.snapshot()).toEqual(before);
      if (lease === undefined) throw new KidjamoError('CONFORMANCE', 'nobody took the partition over');
      expect(await store.position(lease)).toEqual(positionAfter(0));
      await store.commit(lease, { from: positionAfter(0), to: positionAfter(1) }, changesOf(subject, 1));
    });

    withGroup('two generations that fight: whoever came last wins, and every batch is applied once', async (subject) => {
      const { store, member, lapse } = subject;
      const names = ['a', 'b', 'c', 'd'];
      let lease = await leaseOf(subject, 'a');
      for (let batch = 0; batch < BATCHES; batch += 1) {
        const old = lease;
        await lapse(names[batch % 2] ?? '');
        const taken = (await member(names[(batch + 1) % 2] ?? '').heartbeat()).leases[0];
        if (taken === undefined) throw new KidjamoError('CONFORMANCE', 'nobody took the partition over');
        lease = taken;
        const from = await store.position(lease);
        const results = await Promise.allSettled([
          store.commit(old, { from, to: positionAfter(batch) }, changesOf(subject, batch)),
          store.commit(lease, { from, to: positionAfter(batch) }, changesOf(subject, batch)),
        ]);
        expect(results[0]).toMatchObject({ status: 'rejected', reason: { code: 'FENCED' } });
        expect(results[1]).toMatchObject({ status: 'fulfilled' });
      }
      expect(await subject.snapshot()).toEqual(await withoutCrash(create));
    });

    withGroup('the same commit twice at once is applied once', async (subject) => {
      const lease = await leaseOf(subject);
      for (let batch = 0; batch < BATCHES; batch += 1) {
        const from = await subject.store.position(lease);
        const results = await Promise.allSettled(
          [1, 2, 3].map(() => subject.store.commit(lease, { from, to: positionAfter(batch) }, changesOf(subject, batch))),
        );
        expect(results.filter((result) => result.status === 'fulfilled')).toHaveLength(1);
        for (const result of results) if (result.status === 'rejected') expect(result.reason).toMatchObject({ code: 'FENCED' });
      }
      expect(await subject.snapshot()).toEqual(await withoutCrash(create));
    });

    withGroup('a commit from another position is fenced and changes nothing', async (subject) => {
      const { store } = subject;
      const lease = await leaseOf(subject);
      await store.commit(lease, { from: START, to: positionAfter(0) }, changesOf(subject, 0));
      const before = await subject.snapshot();
      const here = positionAfter(0);
      const wrong = [START, positionAfter(1), { ...here, logTime: here.logTime - 1 }, { ...here, offset: here.offset - 1 }];
      for (const from of wrong) {
        await expect(store.commit(lease, { from, to: positionAfter(2) }, changesOf(subject, 2))).rejects.toMatchObject({ code: 'FENCED' });
      }
      expect(await subject.snapshot()).toEqual(before);
    });

    test('a crash before any step of a commit changes nothing, and the batch is applied once by whoever goes on', async () => {
      const expected = await withoutCrash(create);
      const { steps } = await opened(create, async (subject) => subject);
      for (let step = 1; step <= steps; step += 1) {
        await opened(create, async (subject) => {
          const lease = await leaseOf(subject);
          await commitAll(subject, lease, async (batch) => {
            if (batch !== 1) return false;
            const before = await subject.snapshot();
            await expect(
              subject.crashBefore(step).commit(lease, { from: positionAfter(0), to: positionAfter(1) }, changesOf(subject, 1)),
            ).rejects.toMatchObject({
              code: 'STORE_UNAVAILABLE',
              retryable: true,
            });
            expect(await subject.snapshot(), `before step ${step}`).toEqual(before);
            return false;
          });
          expect(await subject.snapshot(), `before step ${step}`).toEqual(expected);
        });
      }
    });

    withGroup('a crash between a commit and its answer neither loses nor doubles', async (subject) => {
      const { store } = subject;
      const lease = await leaseOf(subject);
      await commitAll(subject, lease, async (batch) => {
        if (batch !== 1) return false;
        const broken = subject.crashAfterCommit().commit(lease, { from: positionAfter(0), to: positionAfter(1) }, changesOf(subject, 1));
        await expect(broken).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
        // Whoever tries again without asking for the position is fenced.
        await expect(store.commit(lease, { from: positionAfter(0), to: positionAfter(1) }, changesOf(subject, 1))).rejects.toMatchObject({
          code: 'FENCED',
        });
        return true;
      });
      expect(await subject.snapshot()).toEqual(await withoutCrash(create));
    });

    withGroup('a commit stopped in the middle does not hold up a takeover, and comes to nothing', async (subject) => {
      if (subject.stopInside === undefined) return;
      const { store, member, lapse } = subject;
      const zombie = await leaseOf(subject, 'a');
      const stopped = await subject.stopInside(zombie, { from: START, to: positionAfter(0) }, changesOf(subject, 0));
      await lapse('a');
      const lease = (await member('b').heartbeat()).leases.find((each) => each.partition === zombie.partition);
      if (lease === undefined) throw new KidjamoError('CONFORMANCE', 'nobody took the partition over');
      expect(await store.position(lease)).toEqual(START);
      await commitAll(subject, lease);
      const outcome = await stopped.resume().then(
        () => undefined,
        (error: unknown) => error,
      );
      expect(hasCode(outcome, 'FENCED') || hasCode(outcome, 'STORE_UNAVAILABLE')).toBe(true);
      expect(await subject.snapshot()).toEqual(await withoutCrash(create));
    });
  });
}

function makeWith(create: () => Promise<CommitUnderTest>) {
  return (title: string, body: (subject: CommitUnderTest) => Promise<void>): void => {
    test(title, () => opened(create, body));
  };
}

async function opened<T>(create: () => Promise<CommitUnderTest>, body: (subject: CommitUnderTest) => Promise<T>): Promise<T> {
  const subject = await create();
  try {
    return await body(subject);
  } finally {
    await subject.close();
  }
}

async function leaseOf(subject: CommitUnderTest, name = 'a'): Promise<Lease> {
  const [lease] = (await subject.member(name).heartbeat()).leases;
  if (lease === undefined) throw new KidjamoError('CONFORMANCE', 'a member alone gets every partition');
  return lease;
}

/** What is visible after all batches, when nothing goes wrong. */
function withoutCrash(create: () => Promise<CommitUnderTest>): Promise<unknown> {
  return opened(create, async (subject) => {
    await commitAll(subject, await leaseOf(subject));
    return subject.snapshot();
  });
}

/** Commits what is left of the batches, from the position on, as a runtime does. `instead` may commit a batch itself, or break it. */
async function commitAll(subject: CommitUnderTest, lease: Lease, instead?: (batch: number) => Promise<boolean>): Promise<void> {
  for (;;) {
    const from = await subject.store.position(lease);
    const batch = from.offset / 10;
    if (batch >= BATCHES) return;
    if (instead === undefined || !(await instead(batch)))
      await subject.store.commit(lease, { from, to: positionAfter(batch) }, changesOf(subject, batch));
  }
}

function positionAfter(batch: number): Position {
  return { offset: (batch + 1) * 10, logTime: 1000 * (batch + 1) + 0.125 };
}

function keyOf(id: string): { id: string; scope: string; at: number; digest: string } {
  return { id, scope: 'conformance', at: 0, digest: '' };
}

function nothing(): Changes {
  return { rows: new Map(), states: new Map(), timers: new Map(), outputs: new Map(), counters: new Map(), deadLetters: [], packs: [] };
}

/** Something for every statement of a commit; from the second batch on, also deletions. */
function changesOf({ outputs, store }: CommitUnderTest, batch: number): Changes {
  const records = (numbers: readonly number[]): Changes['outputs'] =>
    new Map(
      outputs.map((log, which) => [log, numbers.map((i) => ({ partition: 0, key: 'k', value: JSON.stringify({ which, batch, i }) }))]),
    );
  const row = { id: `row-${batch}`, digest: `digest-${batch}`, n: batch };
  const state = JSON.stringify({ n: batch, text: 'é😀\\"\n' });
  return {
    packs: [store.pack({ rows: new Map([[ROW_TABLE, [row]]]), outputs: records([0, 1]) })],
    rows: new Map([[ROW_TABLE, [{ id: `other-${batch}`, digest: 'other', n: -batch }]]]),
    states: new Map([
      ['state', state],
      ['gone', batch === 0 ? '{"set":0}' : null],
    ]),
    timers: new Map([
      ['k\nkept', { key: 'k', name: 'kept', due: 1_000_000 }],
      ['k\nmoved', { key: 'k', name: 'moved', due: 2_000_000 + batch }],
      ['k\ngone', { key: 'k', name: 'gone', due: batch === 0 ? 3_000_000 : null }],
    ]),
    outputs: records([2]),
    counters: new Map([
      ['seen', 10],
      [`batch-${batch}`, 1],
    ]),
    deadLetters: [{ offset: batch * 10 + 3, key: 'k', value: 'not "JSON" \\ é', reason: 'cannot be parsed' }],
  };
}
