/** Which partition a patient belongs to. Fixed for the life of a log: everything about one patient stays in one partition, in order. */

/**
 * Partition of a UUID. Given UUIDs may be sequential or share most of their digits, so all hex digits are mixed (FNV-1a, then the
 * finaliser of MurmurHash3) before the remainder is taken.
 */
export function partitionOf(uuid: string, partitions: number): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < uuid.length; i += 1) hash = Math.imul(hash ^ uuid.charCodeAt(i), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return ((hash ^ (hash >>> 16)) >>> 0) % partitions;
}
