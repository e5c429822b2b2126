/**
 * Sends readings over several connections at once, each subject always over the same one, so that a subject's readings reach the log in
 * file order. Tells up to which reading everything was answered.
 */

/** A reading to send, as a line of NDJSON. */
export interface Line {
  readonly subject: string;
  readonly text: string;
}

interface Batch {
  readonly lines: string[];
  /** Place in the file of the first line. */
  first: number;
}

export class Lanes {
  readonly #send: (lines: readonly string[]) => Promise<void>;
  readonly #size: number;
  readonly #open: Batch[];
  readonly #busy: { promise: Promise<void>; first: number }[];
  #count = 0;

  /** `size`: lines per request. `send` resolves when the gateway has answered for all of them. */
  constructor(lanes: number, size: number, send: (lines: readonly string[]) => Promise<void>) {
    this.#send = send;
    this.#size = size;
    this.#open = Array.from({ length: lanes }, () => ({ lines: [], first: Number.POSITIVE_INFINITY }));
    this.#busy = Array.from({ length: lanes }, () => ({ promise: Promise.resolve(), first: Number.POSITIVE_INFINITY }));
  }

  /** How many lines from the start of the file have been answered without a gap. */
  get answered(): number {
    return Math.min(this.#count, ...this.#open.map((batch) => batch.first), ...this.#busy.map((request) => request.first));
  }

  /** Passes over a line that was answered in an earlier run. */
  skip(): void {
    this.#count += 1;
  }

  async add(line: Line): Promise<void> {
    const lane = laneOf(line.subject, this.#open.length);
    const batch = this.#open[lane];
    if (batch === undefined) return;
    if (batch.lines.length === 0) batch.first = this.#count;
    batch.lines.push(line.text);
    this.#count += 1;
    if (batch.lines.length >= this.#size) await this.#flush(lane);
  }

  /** Sends what is left and waits for every answer. */
  async finish(): Promise<void> {
    for (let lane = 0; lane < this.#open.length; lane += 1) await this.#flush(lane);
    await Promise.all(this.#busy.map((request) => request.promise));
  }

  async #flush(lane: number): Promise<void> {
    await this.#busy[lane]?.promise;
    const batch = this.#open[lane];
    if (batch === undefined || batch.lines.length === 0) return;
    this.#open[lane] = { lines: [], first: Number.POSITIVE_INFINITY };
    const request = { first: batch.first, promise: Promise.resolve() };
    request.promise = this.#send(batch.lines).then(() => {
      request.first = Number.POSITIVE_INFINITY;
    });
    // A failure is thrown by whoever awaits the lane next; until then it is not unhandled.
    request.promise.catch(() => undefined);
    this.#busy[lane] = request;
  }
}

/** Always the same lane for the same subject (FNV-1a by Fowler, Noll and Vo). */
function laneOf(subject: string, lanes: number): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < subject.length; i += 1) hash = Math.imul(hash ^ subject.charCodeAt(i), 0x01000193);
  return (hash >>> 0) % lanes;
}
