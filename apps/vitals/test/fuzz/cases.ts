/** Fuzz cases over every format at the door. A seed and a number name a case for good: `fuzzCase(seed, i)`. */

import { FUZZ_ROUTES } from './bodies.ts';
import type { FuzzRoute, Json, JsonObject } from './bodies.ts';
import { Random } from './random.ts';

/** A request to send. */
export interface FuzzCase {
  /** Seed and number, to find it again. */
  readonly name: string;
  /** What was done to a valid body. */
  readonly mutation: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

/** Marks a place in the text of a body where something is written that JSON.stringify would not write. */
const RAW = '\u{f8ff}raw\u{f8ff}';

const STRANGE_VALUES: readonly Json[] = [
  null,
  true,
  false,
  '',
  ' ',
  '85',
  'NaN',
  -1,
  0,
  -0,
  1e308,
  -1e308,
  5e-324,
  9007199254740991,
  [],
  {},
  [1],
  { a: 1 },
  'a\u0000b',
  '\ud800',
  '\udfff',
  '😀',
  '\u202e',
  '\u0007',
  'é'.normalize('NFD'),
  'x'.repeat(129),
  'y'.repeat(5000),
  "'; DROP TABLE measurements; --",
  '${jndi:ldap://x}',
  '\\',
  '"',
  '\n',
];

const RAW_VALUES = [
  '1e400',
  '-1e400',
  '1e-400',
  '01',
  '+1',
  '.5',
  '1.',
  'NaN',
  'Infinity',
  'undefined',
  "'x'",
  '0x10',
  '1_000',
  '"\\ud83d"',
  '"\\u0000"',
  '"\t"',
  '123456789012345678901234567890',
];

const TIMESTAMPS: readonly Json[] = [
  '2026-02-30T10:00:00Z',
  '2026-11-21T25:00:00Z',
  '2026-11-21T10:00:00',
  '2026-11-21',
  'yesterday',
  '',
  0,
  1763713800,
  1763713800000,
  '1763713800',
  null,
  '0000-00-00T00:00:00Z',
  '0001-01-01T00:00:00Z',
  '9999-12-31T23:59:59.999999999Z',
  '9999-12-31T23:59:59-23:59',
  '1969-12-31T23:59:59.999999Z',
  '2026-11-21T10:00:00.123456789123456789Z',
  '2026-11-21T10:00:00+14:00',
  '2026-11-21T10:00:00-12',
  '2026-11-21T10:00:00 Z',
  '20261121T100000Z',
  '2026-W47-6T10:00:00Z',
  '2024-02-29T12:00:00Z',
  '2025-02-29T12:00:00Z',
  '2026-11-21T23:59:60Z',
  '+002026-11-21T10:00:00Z',
  '-000001-01-01T00:00:00Z',
  '2026-11-21T10:00:00\u0000',
  '１９９９-01-01T00:00:00Z',
];

const STRANGE_NAMES = [
  '__proto__',
  'constructor',
  'toString',
  '',
  'a\u0000b',
  '\ud800',
  'x/y~z',
  'extra',
  'é',
  'length',
  '0',
  'hasOwnProperty',
  'unstorable_json',
];
const CONTENT_TYPES = [
  'text/plain',
  'application/xml',
  'foo',
  '',
  'application/json; charset=latin1',
  'application/x-www-form-urlencoded',
  'multipart/form-data',
  'application/json;;;',
  'a/b/c',
  'application/octet-stream',
];

type Mutation = (context: { random: Random; body: JsonObject; route: FuzzRoute; now: number }) => string | Buffer | JsonObject;

const MUTATIONS: Readonly<Record<string, Mutation>> = {
  none: ({ body }) => body,
  strangeValue: ({ random, body }) => atRandomPlace(random, body, (parent, name) => void (parent[name] = random.pick(STRANGE_VALUES))),
  rawValue: ({ random, body }) => {
    const spoiled = atRandomPlace(random, body, (parent, name) => void (parent[name] = RAW));
    return JSON.stringify(spoiled).replace(JSON.stringify(RAW), random.pick(RAW_VALUES));
  },
  missing: ({ random, body }) =>
    atRandomPlace(random, body, (parent, name) => {
      Reflect.deleteProperty(parent, name);
    }),
  timestamp: ({ random, body }) => ({ ...body, timestamp: random.pick(TIMESTAMPS) }),
  shiftedTime: ({ random, body, now }) => ({
    ...body,
    timestamp: new Date(now + (random.next() - 0.5) * 2 * 90 * 86_400_000).toISOString(),
  }),
  unknownMember: ({ random, body }) =>
    atRandomPlace(random, body, (parent) => {
      Object.defineProperty(parent, random.pick(STRANGE_NAMES), {
        value: random.pick(STRANGE_VALUES),
        enumerable: true,
        configurable: true,
        writable: true,
      });
    }),
  duplicateMember: ({ random, body }) => {
    const name = random.pick(Object.keys(body));
    return `${JSON.stringify(body).slice(0, -1)},${JSON.stringify(name)}:${JSON.stringify(random.pick(STRANGE_VALUES))}}`;
  },
  truncated: ({ random, body }) => Buffer.from(JSON.stringify(body)).subarray(0, random.below(JSON.stringify(body).length)),
  flippedByte: ({ random, body }) => {
    const bytes = Buffer.from(JSON.stringify(body));
    bytes[random.below(bytes.length)] = random.below(256);
    return bytes;
  },
  badUtf8: ({ random, body }) => {
    const bytes = Buffer.from(JSON.stringify(body));
    const at = random.below(bytes.length);
    return Buffer.concat([
      bytes.subarray(0, at),
      Buffer.from(random.pick([[0xff], [0xc0, 0x80], [0xed, 0xa0, 0x80], [0xf8, 0x88]])),
      bytes.subarray(at),
    ]);
  },
  byteOrderMark: ({ body }) => Buffer.concat([Buffer.from([0xef, 0xbb, 0xbf]), Buffer.from(JSON.stringify(body))]),
  deep: ({ random, body }) => {
    const depth = random.pick([10, 63, 64, 65, 1000, 100_000]);
    return JSON.stringify({ ...body, deep: RAW }).replace(JSON.stringify(RAW), '['.repeat(depth) + ']'.repeat(depth));
  },
  wide: ({ random, body }) => ({ ...body, ...Object.fromEntries(Array.from({ length: random.below(3000) }, (_, i) => [`m${i}`, i])) }),
  notAnObject: ({ random }) => JSON.stringify(random.pick([null, 1, 'x', true, [], [[]], [null], {}])),
  empty: () => '',
  garbage: ({ random }) => Buffer.from(Array.from({ length: random.below(200) }, () => random.below(256))),
  huge: ({ random, body }) => JSON.stringify({ ...body, padding: 'p'.repeat(random.pick([100_000, 1_000_000, 1_100_000])) }),
};

const NAMES = Object.keys(MUTATIONS);
/** Heavy mutations are rarer, so that a long run ends. */
const RARE = new Set(['huge', 'wide', 'deep']);

/** The case of this number. Bodies with a readable time lie in the hour before `now` (ms), unless the time is what was spoiled. */
export function fuzzCase(seed: number, number: number, now: number): FuzzCase {
  const random = new Random(Math.imul(seed, 0x9e3779b1) ^ number);
  const route = random.pick(FUZZ_ROUTES);
  let mutation = random.pick(NAMES);
  if (RARE.has(mutation) && random.chance(0.9)) mutation = 'strangeValue';
  const one = (): Buffer => toBytes(MUTATIONS[mutation]?.({ random, body: route.body(random, now), route, now }) ?? '');
  let body = one();
  const headers: Record<string, string> = { 'content-type': 'application/json' };
  if (route.batches && random.chance(0.3)) {
    const good = (): Buffer => toBytes(route.body(random, now));
    const parts = Array.from({ length: random.below(6) }, () => (random.chance(0.5) ? good() : one()));
    const lines = random.chance(0.5);
    if (lines) headers['content-type'] = 'application/x-ndjson';
    const separator = Buffer.from(lines ? random.pick(['\n', '\r\n', '\n\n']) : ',');
    const joined = Buffer.concat(parts.flatMap((part, i) => (i === 0 ? [part] : [separator, part])));
    body = lines ? joined : Buffer.concat([Buffer.from('['), joined, Buffer.from(']')]);
  }
  if (random.chance(0.05)) headers['content-type'] = random.pick(CONTENT_TYPES);
  if (random.chance(0.05)) headers['idempotency-key'] = `key-${random.below(20)}`;
  if (random.chance(0.05)) headers['x-kidjamo-import'] = 'true';
  if (random.chance(0.05)) headers['x-correlation-id'] = random.pick(['abc', 'x'.repeat(200), 'a b', '<script>']);
  return { name: `${seed}/${number}`, mutation, path: route.path, headers, body };
}

function toBytes(value: string | Buffer | JsonObject): Buffer {
  if (Buffer.isBuffer(value)) return value;
  return Buffer.from(typeof value === 'string' ? value : JSON.stringify(value));
}

/** Changes a copy of the body at a member chosen among all of its levels. */
function atRandomPlace(random: Random, body: JsonObject, change: (parent: JsonObject, name: string) => void): JsonObject {
  const copy = structuredClone(body);
  const places: [JsonObject, string][] = [];
  const visit = (parent: JsonObject): void => {
    for (const [name, value] of Object.entries(parent)) {
      places.push([parent, name]);
      if (typeof value === 'object' && value !== null && !Array.isArray(value)) visit(value);
    }
  };
  visit(copy);
  const [parent, name] = random.pick(places);
  change(parent, name);
  return copy;
}
