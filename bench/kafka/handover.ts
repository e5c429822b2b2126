/** What becomes of partitions after a change of the group, from looks at who owns them and how far they have come. */

import type { Seen } from './positions.ts';

/** When it happened, s; undefined while it has not. */
export interface Handover {
  /** A partition is no longer its former owner's. */
  readonly given: number | undefined;
  /** A partition has a new owner. */
  readonly claimed: number | undefined;
  /** A new owner has committed records of a partition. */
  readonly processed: number | undefined;
}

/** Finds the first of each in what was seen; the first look is how it was before the change. */
export function handover(seen: readonly Seen[]): Handover {
  const before = new Map(seen[0]?.places.map((place) => [place.partition, place]));
  /** Where new owners began: offsets by partition and generation. */
  const begun = new Map<string, number>();
  let [given, claimed, processed]: (number | undefined)[] = [];
  for (const { at, places } of seen) {
    for (const { partition, generation, next, owner } of places) {
      const former = before.get(partition);
      if (former === undefined) continue;
      if (owner !== former.owner) given ??= at;
      if (owner === undefined || generation <= former.generation) continue;
      claimed ??= at;
      const key = `${partition}/${generation}`;
      const from = begun.get(key);
      if (from === undefined) begun.set(key, next);
      else if (next > from) processed ??= at;
    }
  }
  return { given, claimed, processed };
}
