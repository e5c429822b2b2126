/**
 * What JSON.parse does not tell: how many members a text has, how deep it nests, where the elements of an array begin and end, and which
 * member names occur twice. The scanners expect text that JSON.parse accepts.
 */

const QUOTE = 34;
const BACKSLASH = 92;
const COLON = 58;
const COMMA = 44;

/** Size of a JSON text. */
export interface JsonShape {
  /** Members of all its objects, those with the same name counted each. */
  readonly members: number;
  readonly depth: number;
}

/** The index after the string that begins at the quote `start`. */
function skipString(bytes: Buffer, start: number): number {
  let i = start + 1;
  for (; i < bytes.length; i += 1) {
    const byte = bytes[i];
    if (byte === QUOTE) return i + 1;
    if (byte === BACKSLASH) i += 1;
  }
  return i;
}

/** Measures a JSON text in one pass. */
export function measureJson(bytes: Buffer): JsonShape {
  let members = 0;
  let depth = 0;
  let deepest = 0;
  for (let i = 0; i < bytes.length; i += 1) {
    const byte = bytes[i];
    if (byte === QUOTE) i = skipString(bytes, i) - 1;
    else if (byte === COLON) members += 1;
    else if (byte === 123 || byte === 91) {
      depth += 1;
      if (depth > deepest) deepest = depth;
    } else if (byte === 125 || byte === 93) depth -= 1;
  }
  return { members, depth: deepest };
}

/** Counts the members of all objects of a parsed value. Equal to {@link JsonShape.members} unless a name occurs twice in an object. */
export function countMembers(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 0;
  let count = 0;
  if (Array.isArray(value)) {
    for (const element of value) count += countMembers(element);
    return count;
  }
  for (const name in value) {
    const member: unknown = (value as Record<string, unknown>)[name];
    count += typeof member === 'object' ? 1 + countMembers(member) : 1;
  }
  return count;
}

/** The bytes of each element of a top-level array, untouched. */
export function elementSlices(bytes: Buffer): Buffer[] {
  const slices: Buffer[] = [];
  let depth = 0;
  let start = -1;
  for (let i = 0; i < bytes.length; i += 1) {
    const byte = bytes[i];
    if (byte === QUOTE) i = skipString(bytes, i) - 1;
    else if (byte === 123 || byte === 91) {
      depth += 1;
      if (depth === 1) start = i + 1;
    } else if (byte === 125 || byte === 93) {
      depth -= 1;
      if (depth === 0) slices.push(bytes.subarray(start, i));
    } else if (byte === COMMA && depth === 1) {
      slices.push(bytes.subarray(start, i));
      start = i + 1;
    }
  }
  return slices;
}

/** An object or array that the search for repeated names is inside of. */
interface Open {
  /** The names seen so far; undefined in an array. */
  readonly names: Set<string> | undefined;
  /** The name or index of the member that is being read. */
  at: string | number;
}

/** JSON pointer of the first member whose name its object has already, or undefined. */
export function repeatedMember(bytes: Buffer): string | undefined {
  const open: Open[] = [];
  let name: string | undefined;
  for (let i = 0; i < bytes.length; i += 1) {
    const byte = bytes[i];
    const top = open.at(-1);
    if (byte === QUOTE) {
      const end = skipString(bytes, i);
      // A string is a name if a colon follows; whatever else it is gets overwritten before it is used.
      name = bytes.toString('utf8', i, end);
      i = end - 1;
    } else if (byte === COLON && top?.names !== undefined && name !== undefined) {
      // The bytes of a string of valid JSON: they parse to a string, escapes resolved.
      const text = JSON.parse(name) as string;
      top.at = text;
      if (top.names.has(text)) return pointer(open);
      top.names.add(text);
    } else if (byte === 123) open.push({ names: new Set(), at: '' });
    else if (byte === 91) open.push({ names: undefined, at: 0 });
    else if (byte === 125 || byte === 93) open.pop();
    else if (byte === COMMA && typeof top?.at === 'number') top.at += 1;
  }
  return undefined;
}

function pointer(open: readonly Open[]): string {
  return open.map(({ at }) => `/${escapeToken(String(at))}`).join('');
}

/** Writes a member name as a token of a JSON pointer (RFC 6901). */
export function escapeToken(name: string): string {
  return name.replaceAll('~', '~0').replaceAll('/', '~1');
}
