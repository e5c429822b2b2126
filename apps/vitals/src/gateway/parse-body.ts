/** From bytes to items. Nothing here looks at what the members mean. */

import { isUtf8 } from 'node:buffer';

import type { Fault } from '../contracts/formats/answers.ts';
import { countMembers, elementSlices, measureJson, repeatedMember } from './json-scan.ts';
import type { QuarantineReason } from './quarantine.ts';

/** Deepest nesting of an item: deeper texts break the parsers of other systems. */
const MAX_DEPTH = 64;
/** Readings in one body that is not NDJSON. */
export const MAX_ITEMS = 1000;

/** Why something cannot be taken. */
export interface Refusal {
  readonly reason: QuarantineReason;
  /** No values of the payload. */
  readonly detail: string;
  readonly faults?: readonly Fault[];
}

/** One reading, alert or status in a body. */
export interface Item {
  /** Its own bytes, untouched. */
  readonly bytes: () => Buffer;
  readonly value: unknown;
  /** Set when it must be refused, whatever its members say. */
  readonly refusal?: Refusal;
}

/** A body with what it holds. */
export interface ParsedBody {
  /** Whether it is an array. */
  readonly batch: boolean;
  readonly items: readonly Item[];
}

export function isRefusal(parsed: ParsedBody | Refusal): parsed is Refusal {
  return 'reason' in parsed;
}

/** Parses a JSON body: one item, or where `batches` are allowed an array of up to {@link MAX_ITEMS}. */
export function parseBody(bytes: Buffer, batches: boolean): ParsedBody | Refusal {
  if (!isUtf8(bytes)) return { reason: 'unparseable', detail: 'the body is not valid UTF-8' };
  let value: unknown;
  try {
    value = JSON.parse(bytes.toString('utf8'));
  } catch {
    // The parser's message quotes the text.
    return { reason: 'unparseable', detail: 'the body is not valid JSON' };
  }
  const shape = measureJson(bytes);
  const limit = MAX_DEPTH + (batches ? 1 : 0);
  const odd = shape.depth > limit || shape.members !== countMembers(value);
  if (!batches || !Array.isArray(value)) {
    const refusal = odd ? inspect(bytes) : undefined;
    return { batch: false, items: [{ value, bytes: () => bytes, ...(refusal === undefined ? {} : { refusal }) }] };
  }
  if (value.length === 0) return invalid({ pointer: '', detail: 'must hold at least one reading' });
  if (value.length > MAX_ITEMS)
    return { reason: 'too_large', detail: `a body may hold ${MAX_ITEMS} readings at most; send more as NDJSON` };
  return { batch: true, items: odd ? inspectedItems(value, bytes) : plainItems(value, bytes) };
}

function plainItems(values: readonly unknown[], bytes: Buffer): Item[] {
  let slices: readonly Buffer[] | undefined;
  const sliceOf = (i: number): Buffer => {
    // Only needed when something is refused.
    slices ??= elementSlices(bytes);
    return slices[i] ?? bytes;
  };
  return values.map((value, i) => ({ value, bytes: () => sliceOf(i) }));
}

function inspectedItems(values: readonly unknown[], bytes: Buffer): Item[] {
  const slices = elementSlices(bytes);
  return values.map((value, i) => {
    const slice = slices[i] ?? bytes;
    const refusal = inspect(slice);
    return { value, bytes: () => slice, ...(refusal === undefined ? {} : { refusal }) };
  });
}

/** What JSON.parse lets pass but would lose: a member given twice keeps only its last value. */
function inspect(bytes: Buffer): Refusal | undefined {
  if (measureJson(bytes).depth > MAX_DEPTH) {
    return invalid({ pointer: '', detail: `must not be nested more than ${MAX_DEPTH} levels deep` });
  }
  const pointer = repeatedMember(bytes);
  return pointer === undefined ? undefined : invalid({ pointer, detail: 'is given more than once' });
}

function invalid(fault: Fault): Refusal {
  return refuseFaults([fault]);
}

/** The refusal of an item whose members are wrong. */
export function refuseFaults(faults: readonly Fault[]): Refusal {
  const [first] = faults;
  return { reason: 'invalid', detail: first === undefined ? 'the item is not valid' : `the member ${first.detail}`, faults };
}
