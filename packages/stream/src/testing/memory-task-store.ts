/** A TaskStore and its Membership in memory, for tests of what stands on them. Both pass the conformance suites, durability apart. */

import type { Assignment, Changes, DeadLetter, Lease, Membership, Move, Piece, Position, TaskStore } from '../contracts/commit.ts';
import type { NewRecord } from '../contracts/log.ts';
import type { IdempotencyKey, KnownKey, TimerFiring } from '../contracts/task.ts';
import { KidjamoError } from '../errors.ts';

/** What a {@link MemoryTaskStore} is for. */
export interface MemoryTaskStoreOptions {
  readonly log: string;
  readonly group: string;
  readonly partitions: number;
}

interface PartitionState {
  generation: number;
  owner: string | undefined;
  position: Position;
}

/** Rows with members `id` and `digest` make that idempotency key known. */
export class MemoryTaskStore implements TaskStore {
  readonly rows = new Map<string, object[]>();
  readonly states = new Map<string, string>();
  readonly timers = new Map<string, TimerFiring & { readonly partition: number }>();
  readonly outputs = new Map<string, NewRecord[]>();
  readonly counters = new Map<string, number>();
  readonly deadLetters: DeadLetter[] = [];
  /** Commits made. */
  commits = 0;
  readonly #options: MemoryTaskStoreOptions;
  readonly #partitions: PartitionState[];
  readonly #members = new Set<string>();
  readonly #known = new Map<string, KnownKey>();

  constructor(options: MemoryTaskStoreOptions) {
    this.#options = options;
    this.#partitions = Array.from({ length: options.partitions }, () => ({
      generation: 0,
      owner: undefined,
      position: { offset: 0, logTime: 0 },
    }));
  }

  /** Takes a partition over for `owner`, whoever has it. */
  take(partition: number, owner = 'test'): Lease {
    const state = this.#state(partition);
    state.generation += 1;
    state.owner = owner;
    return this.#lease(partition, state);
  }

  /** A member of the group. */
  member(name: string): Membership {
    return {
      heartbeat: async () => this.#heartbeat(name),
      release: async (lease) => {
        const state = this.#state(lease.partition);
        if (state.owner === name && state.generation === lease.generation) state.owner = undefined;
      },
      report: async (lease, offset) => {
        const state = this.#state(lease.partition);
        if (offset > state.position.offset) state.position = { ...state.position, offset };
      },
      leave: async () => this.lapse(name),
    };
  }

  /** Makes a member's presence and leases run out, as when it has sent no heartbeat for long. */
  lapse(name: string): void {
    this.#members.delete(name);
    for (const state of this.#partitions) if (state.owner === name) state.owner = undefined;
  }

  /** How far the group has come in a partition, whoever works on it. */
  offset(partition: number): number {
    return this.#state(partition).position.offset;
  }

  async position(lease: Lease): Promise<Position> {
    return this.#current(lease).position;
  }

  async loadStates(_lease: Lease, keys: readonly string[]): Promise<ReadonlyMap<string, string>> {
    return new Map(
      keys.flatMap((key): [string, string][] => {
        const state = this.states.get(key);
        return state === undefined ? [] : [[key, state]];
      }),
    );
  }

  async known(keys: readonly IdempotencyKey[]): Promise<ReadonlyMap<string, KnownKey>> {
    return new Map(
      keys.flatMap(({ id }): [string, KnownKey][] => {
        const known = this.#known.get(id);
        return known === undefined ? [] : [[id, known]];
      }),
    );
  }

  async dueTimers(lease: Lease, until: number, max: number): Promise<readonly TimerFiring[]> {
    return this.#sorted(lease)
      .filter((timer) => timer.due <= until)
      .slice(0, max);
  }

  async nextTimer(lease: Lease): Promise<number | undefined> {
    return this.#sorted(lease)[0]?.due;
  }

  pack(piece: Piece): object {
    return piece;
  }

  async commit(lease: Lease, { from, to }: Move, { packs, ...changes }: Changes): Promise<void> {
    const state = this.#current(lease);
    if (state.position.offset !== from.offset || state.position.logTime !== from.logTime) throw fenced(lease);
    state.position = to;
    this.commits += 1;
    // They are what `pack` was given.
    for (const { rows, outputs } of [...(packs as readonly Piece[]), changes]) {
      for (const [table, list] of rows) {
        push(this.rows, table, list);
        for (const row of list) if ('id' in row && 'digest' in row) this.#known.set(String(row.id), { digest: String(row.digest) });
      }
      for (const [log, records] of outputs) push(this.outputs, log, records);
    }
    for (const [key, text] of changes.states) {
      if (text === null) this.states.delete(key);
      else this.states.set(key, text);
    }
    for (const [id, { key, name, due }] of changes.timers) {
      if (due === null) this.timers.delete(id);
      else this.timers.set(id, { key, name, due, partition: lease.partition });
    }
    for (const [counter, n] of changes.counters) this.counters.set(counter, (this.counters.get(counter) ?? 0) + n);
    this.deadLetters.push(...changes.deadLetters);
  }

  #heartbeat(name: string): Assignment {
    this.#members.add(name);
    const share = Math.ceil(this.#partitions.length / this.#members.size);
    const owned = this.#partitions.filter((state) => state.owner === name).length;
    const free = this.#partitions.flatMap((state, partition) => (state.owner === undefined ? [partition] : []));
    for (const partition of free.slice(0, Math.max(0, share - owned))) this.take(partition, name);
    const leases = this.#partitions.flatMap((state, partition) => (state.owner === name ? [this.#lease(partition, state)] : []));
    return { leases, release: leases.slice(share) };
  }

  #sorted(lease: Lease): TimerFiring[] {
    return [...this.timers.values()]
      .filter((timer) => timer.partition === lease.partition)
      .sort((a, b) => a.due - b.due || compare(a.key, b.key) || compare(a.name, b.name))
      .map(({ key, name, due }) => ({ key, name, due }));
  }

  #lease(partition: number, { generation }: PartitionState): Lease {
    return { log: this.#options.log, group: this.#options.group, partition, generation };
  }

  #current(lease: Lease): PartitionState {
    const state = this.#state(lease.partition);
    if (state.generation !== lease.generation) throw fenced(lease);
    return state;
  }

  #state(partition: number): PartitionState {
    const state = this.#partitions[partition];
    if (state === undefined) throw new KidjamoError('INPUT_INVALID', `partition ${partition} does not exist`);
    return state;
  }
}

function push<V>(lists: Map<string, V[]>, name: string, values: readonly V[]): void {
  const list = lists.get(name);
  if (list === undefined) lists.set(name, [...values]);
  else list.push(...values);
}

function compare(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}

function fenced(lease: Lease): KidjamoError {
  return new KidjamoError('FENCED', `partition ${lease.partition} is no longer ours (generation ${lease.generation}), or moved on`);
}
