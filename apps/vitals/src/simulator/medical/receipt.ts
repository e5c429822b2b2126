/** Simulated readings in the order in which a gateway receives them. */

import type { Draft } from '../../gateway/draft.ts';
import type { Sample } from './simulation.ts';

/** A sample whose reading arrives. */
export interface ReceivedSample extends Sample {
  readonly sent: Draft;
  readonly received: number;
}

/**
 * Brings samples from order of event time into order of receipt, and leaves out those of which nothing arrives. Holds what is under way: the
 * last two seconds, and what bracelets store while they are offline, 6 hours at most.
 */
export function* inOrderOfReceipt(samples: Iterable<Sample>): Generator<ReceivedSample, void> {
  const waiting = new Waiting();
  for (const sample of samples) {
    for (let next = waiting.peek(); next !== undefined && next.received <= sample.at; next = waiting.peek()) {
      yield next;
      waiting.drop();
    }
    if (isReceived(sample)) waiting.add(sample);
  }
  for (let next = waiting.peek(); next !== undefined; next = waiting.peek()) {
    yield next;
    waiting.drop();
  }
}

function isReceived(sample: Sample): sample is ReceivedSample {
  return sample.sent !== undefined && sample.received !== undefined;
}

/** A binary heap, the earliest receipt first; of equal ones the earliest event. */
class Waiting {
  readonly #heap: ReceivedSample[] = [];

  peek(): ReceivedSample | undefined {
    return this.#heap[0];
  }

  add(sample: ReceivedSample): void {
    const heap = this.#heap;
    let place = heap.length;
    heap.push(sample);
    while (place > 0) {
      const above = (place - 1) >> 1;
      const parent = heap[above];
      if (parent === undefined || !isBefore(sample, parent)) break;
      heap[place] = parent;
      place = above;
    }
    heap[place] = sample;
  }

  drop(): void {
    const heap = this.#heap;
    const last = heap.pop();
    if (last === undefined || heap.length === 0) return;
    let place = 0;
    for (;;) {
      const left = heap[2 * place + 1];
      const right = heap[2 * place + 2];
      if (left === undefined) break;
      const first = right !== undefined && isBefore(right, left);
      const child = first ? right : left;
      if (!isBefore(child, last)) break;
      heap[place] = child;
      place = 2 * place + (first ? 2 : 1);
    }
    heap[place] = last;
  }
}

function isBefore(a: ReceivedSample, b: ReceivedSample): boolean {
  if (a.received !== b.received) return a.received < b.received;
  return a.at !== b.at ? a.at < b.at : a.patient.index < b.patient.index;
}
