/** A task runner on a log and a store in memory, with what a test may want to replace. */
import { KidjamoError, TaskRunner } from '@kidjamo/stream';
import type { Changes, Clock, Lease, Log, Move, Piece, RuntimeObserver, TaskRunnerOptions, TaskStore } from '@kidjamo/stream';

import { ManualClock, MemoryLog, MemoryTaskStore } from '../../src/testing/index.ts';
import { LedgerTask } from './ledger-task.ts';
import type { Entry } from './ledger-task.ts';

/** A store that refuses rows marked so, as a database with a constraint does, and may fail as a test says. */
export class PickyStore extends MemoryTaskStore {
  /** Called at every commit; what it throws is the commit's outcome. */
  beforeCommit: (changes: Changes) => void | Promise<void> = () => undefined;
  afterCommit: () => void = () => undefined;
  /** State keys loaded so far. */
  readonly loaded: string[] = [];

  constructor() {
    super({ log: 'input', group: 'ledger', partitions: 1 });
  }

  override async loadStates(lease: Lease, keys: readonly string[]): Promise<ReadonlyMap<string, string>> {
    this.loaded.push(...keys);
    return super.loadStates(lease, keys);
  }

  override async commit(lease: Lease, move: Move, changes: Changes): Promise<void> {
    await this.beforeCommit(changes);
    const pieces = [...(changes.packs as readonly Piece[]), changes];
    for (const rows of pieces.flatMap((piece) => [...piece.rows.values()])) {
      for (const row of rows) {
        if ('refused' in row && row.refused === true) throw new KidjamoError('STORE_REJECTED', 'a row breaks a constraint');
      }
    }
    await super.commit(lease, move, changes);
    this.afterCommit();
  }
}

export interface Harness {
  readonly clock: ManualClock;
  readonly log: MemoryLog;
  readonly store: PickyStore;
  readonly errors: unknown[];
  /** Sizes of the batches committed. */
  readonly batches: number[];
  /** Delays asked for between attempts. */
  readonly delays: number[];
  /** Options of a runner; `changes` replaces some. */
  options(changes?: Partial<TaskRunnerOptions<Entry>>): TaskRunnerOptions<Entry>;
  /** Runs until everything in the log is consumed and no timer is due, then stops. */
  drain(changes?: Partial<TaskRunnerOptions<Entry>>): Promise<void>;
}

export function harness(): Harness {
  const clock = new ManualClock(1000);
  const log = new MemoryLog('input', 1, clock);
  const store = new PickyStore();
  const errors: unknown[] = [];
  const batches: number[] = [];
  const delays: number[] = [];
  const observer: RuntimeObserver = {
    committed: (_, { records }) => void batches.push(records),
    failed: (_, error) => void errors.push(error),
    assigned: () => undefined,
  };
  // Delays pass at once: what matters is how long they would have been.
  const hasty: Clock = {
    now: () => clock.now(),
    sleep: async (ms) => void delays.push(ms),
  };
  const options = (changes: Partial<TaskRunnerOptions<Entry>> = {}): TaskRunnerOptions<Entry> => ({
    task: new LedgerTask(),
    log,
    store,
    clock: hasty,
    observer,
    random: () => 1,
    maxBatch: 100,
    piece: 7,
    pollEvery: 50,
    pace: 0,
    cachedStates: 100,
    backoff: { initial: 100, max: 1000 },
    ...changes,
  });
  return {
    clock,
    log,
    store,
    errors,
    batches,
    delays,
    options,
    drain: async (changes) => {
      const stop = new AbortController();
      const lease = store.take(0);
      const used = options(changes);
      const ended = new TaskRunner(used, lease).run(stop.signal);
      await Promise.race([ended, idle(store, used.log, { lease, clock })]);
      stop.abort();
      await ended;
    },
  };
}

/** Resolves when the group has come to the end of the log and no timer is due. */
async function idle(store: TaskStore & MemoryTaskStore, log: Log, at: { lease: Lease; clock: Clock }): Promise<void> {
  await until(async () => {
    const due = await store.nextTimer(at.lease);
    return store.offset(0) === (await log.ends())[0] && (due === undefined || due > at.clock.now());
  });
}

/** Lets everything else go on until `condition` holds; the test's own time limit is the only one. */
export async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await condition())) await new Promise((resolve) => setImmediate(resolve));
}
