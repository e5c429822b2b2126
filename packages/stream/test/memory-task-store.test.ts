import { KidjamoError } from '@kidjamo/stream';
import type { TaskStore } from '@kidjamo/stream';

import { COMMIT_PARTITIONS, membershipConformance, MemoryTaskStore, taskStoreConformance } from '../src/testing/index.ts';
import type { CommitUnderTest } from '../src/testing/index.ts';

/** A store that behaves like `store`, but for its commits. */
function withCommit(store: MemoryTaskStore, commit: TaskStore['commit']): TaskStore {
  return Object.assign(Object.create(store) as TaskStore, { commit });
}

const lost = () => new KidjamoError('STORE_UNAVAILABLE', 'the connection was lost');

async function create(): Promise<CommitUnderTest> {
  const store = new MemoryTaskStore({ log: 'log', group: 'group', partitions: COMMIT_PARTITIONS });
  return {
    log: 'log',
    group: 'group',
    outputs: ['a', 'b'],
    store,
    member: (name) => store.member(name),
    lapse: async (name) => store.lapse(name),
    steps: 1,
    crashBefore: () => withCommit(store, () => Promise.reject(lost())),
    crashAfterCommit: () =>
      withCommit(store, async (...commit) => {
        await store.commit(...commit);
        throw lost();
      }),
    offset: async (partition) => store.offset(partition),
    snapshot: async () =>
      structuredClone([
        store.rows,
        store.states,
        store.timers,
        store.outputs,
        store.counters,
        store.deadLetters,
        [0, 1, 2, 3].map((p) => store.offset(p)),
      ]),
    close: async () => undefined,
  };
}

membershipConformance('memory', create);
taskStoreConformance('memory', create);
