/** Lets a bounded number of callers through at a time; the others wait in the order in which they came. */
export class Gate {
  readonly #max: number;
  #inside = 0;
  readonly #waiting: (() => void)[] = [];
  #next = 0;

  constructor(max: number) {
    this.#max = max;
  }

  /** Runs `work` as soon as there is room. */
  async pass<T>(work: () => Promise<T>): Promise<T> {
    if (this.#inside >= this.#max) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    else this.#inside += 1;
    try {
      return await work();
    } finally {
      this.#leave();
    }
  }

  #leave(): void {
    const next = this.#waiting[this.#next];
    if (next !== undefined) {
      // The place is handed on, so that nobody who comes now overtakes.
      this.#next += 1;
      if (this.#next > 1000) {
        this.#waiting.splice(0, this.#next);
        this.#next = 0;
      }
      next();
      return;
    }
    this.#inside -= 1;
  }
}
