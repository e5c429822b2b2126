/** Seeded sources of numbers, so that a simulation can be told again. */

export interface Random {
  /** Uniform in [0, 1). */
  next(): number;
  /** Uniform in [low, high). */
  between(low: number, high: number): number;
  /** An entry chosen in proportion to its weight. */
  weighted<T>(choices: readonly (readonly [T, number])[]): T;
}

abstract class Source implements Random {
  abstract next(): number;

  between(low: number, high: number): number {
    return low + (high - low) * this.next();
  }

  weighted<T>(choices: readonly (readonly [T, number])[]): T {
    let left = this.next() * choices.reduce((sum, [, weight]) => sum + weight, 0);
    for (const [choice, weight] of choices) {
      left -= weight;
      if (left < 0) return choice;
    }
    const fallback = choices.at(-1);
    if (fallback === undefined) throw new RangeError('there is nothing to choose from');
    return fallback[0];
  }
}

/** mulberry32 by Tommy Ettinger (public domain). */
class Mulberry32 extends Source {
  #state: number;

  constructor(seed: number) {
    super();
    this.#state = seed >>> 0;
  }

  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let mixed = this.#state;
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }
}

/** sfc32 of PractRand by Chris Doty-Humphrey (public domain). */
class Sfc32 extends Source {
  #a = 0x9e3779b9 | 0;
  #b = 0x243f6a88 | 0;
  #c = 0xb7e15162 | 0;
  #counter = 1;

  constructor(key: readonly number[]) {
    super();
    for (const part of key) {
      this.#a = mix(this.#a ^ part);
      this.#b = mix(this.#b + this.#a);
      this.#c = mix(this.#c ^ this.#b);
    }
    // What keys have in common is gone after a few rounds.
    for (let round = 0; round < 12; round += 1) this.next();
  }

  next(): number {
    const sum = (((this.#a + this.#b) | 0) + this.#counter) | 0;
    this.#counter = (this.#counter + 1) | 0;
    this.#a = this.#b ^ (this.#b >>> 9);
    this.#b = (this.#c + (this.#c << 3)) | 0;
    this.#c = (((this.#c << 21) | (this.#c >>> 11)) + sum) | 0;
    return (sum >>> 0) / 2 ** 32;
  }
}

/** The finaliser of MurmurHash3 by Austin Appleby (public domain): each bit of the input moves about half of the output. */
function mix(value: number): number {
  let mixed = value | 0;
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return mixed ^ (mixed >>> 16);
}

/** One sequence of 2^32 numbers, which every seed enters at another place. */
export function seededRandom(seed: number): Random {
  return new Mulberry32(seed);
}

/**
 * A sequence of its own for each list of whole numbers, such as (seed, patient, purpose): many long sequences beside each other, none of which
 * is a later part of another.
 */
export function randomStream(...key: readonly number[]): Random {
  return new Sfc32(key);
}
