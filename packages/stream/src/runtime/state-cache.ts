/**
 * The states of a partition that are kept in memory. A batch works on the cells themselves, so a state is looked up once for each record that
 * names it. Nothing leaves while a batch is on its way: what was changed and is not stored yet must not be read again from the store.
 */

/** A state under its key; undefined where it has none. */
export interface StateCell {
  readonly key: string;
  value: unknown;
  /** Put by the batch in hand. */
  dirty: boolean;
  /** Used since it was last looked at to be let go. */
  used: boolean;
}

export class StateCache {
  readonly #cells = new Map<string, StateCell>();
  readonly #limit: number;

  /** `limit` is the number of states that stay between batches. */
  constructor(limit: number) {
    this.#limit = limit;
  }

  get size(): number {
    return this.#cells.size;
  }

  /** The cell of a key; undefined when it has to be loaded. */
  get(key: string): StateCell | undefined {
    const cell = this.#cells.get(key);
    if (cell !== undefined) cell.used = true;
    return cell;
  }

  /** Makes the cell of a key that has none; whoever asks for it loads its value. */
  add(key: string): StateCell {
    const cell = { key, value: undefined, dirty: false, used: true };
    this.#cells.set(key, cell);
    return cell;
  }

  /** Lets go of what is beyond the limit, a batch being over: cells not used for a round first. */
  trim(): void {
    for (const [key, cell] of this.#cells) {
      if (this.#cells.size <= this.#limit) return;
      this.#cells.delete(key);
      if (!cell.used) continue;
      cell.used = false;
      // The walk comes by here again when it has gone round once.
      this.#cells.set(key, cell);
    }
  }

  clear(): void {
    this.#cells.clear();
  }
}
