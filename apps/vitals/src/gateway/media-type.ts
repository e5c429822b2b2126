/** Content types and Accept headers. */

/** What a body is. */
export type BodyType = 'json' | 'ndjson' | 'other';

const NDJSON = new Set(['application/x-ndjson', 'application/ndjson', 'application/jsonl', 'application/x-jsonlines']);
const JSON_TYPE = /^application\/(?:[a-z0-9!#$&^_.+-]+\+)?json$/;

/** Reads a Content-Type. Without one, a body counts as JSON. Only UTF-8 is read. */
export function bodyType(header: string | undefined, encoding: string | undefined): BodyType {
  if (encoding !== undefined && encoding.trim().toLowerCase() !== 'identity') return 'other';
  if (header === undefined || header === 'application/json') return 'json';
  const [type = '', ...parameters] = header
    .toLowerCase()
    .split(';')
    .map((part) => part.trim());
  const charset = parameters.find((parameter) => parameter.startsWith('charset='));
  if (charset !== undefined && !/^charset="?utf-?8"?$/.test(charset)) return 'other';
  if (NDJSON.has(type)) return 'ndjson';
  return JSON_TYPE.test(type) ? 'json' : 'other';
}

/** The forms of the metrics. */
export type MetricsForm = 'json' | 'prometheus' | 'openmetrics';

const FORMS = [
  ['json', 'application', 'json'],
  ['prometheus', 'text', 'plain'],
  ['openmetrics', 'application', 'openmetrics-text'],
] as const;

/** The form with the highest q; JSON on a tie, for any type, and when none is accepted. Among the texts, OpenMetrics needs a higher q than plain. */
export function preferredForm(accept: string | undefined): MetricsForm {
  if (accept === undefined) return 'json';
  const ranges = accept.split(',').map(parseRange);
  let best: MetricsForm = 'json';
  let highest = 0;
  for (const [form, type, subtype] of FORMS) {
    const q = quality(ranges, type, subtype);
    if (q > highest) {
      best = form;
      highest = q;
    }
  }
  return best;
}

interface Range {
  readonly type: string;
  readonly subtype: string;
  readonly q: number;
}

function parseRange(text: string): Range {
  const [range = '', ...parameters] = text
    .toLowerCase()
    .split(';')
    .map((part) => part.trim());
  const [type = '', subtype = ''] = range.split('/');
  const q = parameters.find((parameter) => parameter.startsWith('q='));
  const value = q === undefined ? 1 : Number(q.slice(2));
  return { type, subtype, q: value >= 0 && value <= 1 ? value : 0 };
}

/** The q of the most specific range that matches; the highest one where several are as specific. */
function quality(ranges: readonly Range[], type: string, subtype: string): number {
  const exact = ranges.filter((range) => range.type === type && range.subtype === subtype);
  const family = ranges.filter((range) => range.type === type && range.subtype === '*');
  const any = ranges.filter((range) => range.type === '*' && range.subtype === '*');
  const [matching = []] = [exact, family, any].filter((list) => list.length > 0);
  return Math.max(0, ...matching.map(({ q }) => q));
}
