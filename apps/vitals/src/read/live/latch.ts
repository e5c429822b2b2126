/** A flag that one loop sets and another waits for. */

export class Latch {
  #set = false;
  #wake: (() => void) | undefined;

  /** Sets the flag; the waiter goes on. Setting it twice is setting it once. */
  set(): void {
    this.#set = true;
    this.#wake?.();
  }

  /** Resolves when the flag is set, and takes it down; on abort it resolves and leaves the flag as it is. */
  async taken(signal: AbortSignal): Promise<void> {
    if (!this.#set && !signal.aborted) {
      await new Promise<void>((resolve) => {
        const finish = (): void => {
          this.#wake = undefined;
          signal.removeEventListener('abort', finish);
          resolve();
        };
        this.#wake = finish;
        signal.addEventListener('abort', finish, { once: true });
      });
    }
    if (!signal.aborted) this.#set = false;
  }
}
