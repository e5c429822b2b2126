/** Members that a format does not know: kept, whatever they are, in a form that PostgreSQL can store. */

/** Members by name. Without prototype, so that a member called __proto__ is one like any other. */
export type Members = Record<string, unknown>;

function members(): Members {
  return Object.create(null) as Members;
}

/** Adds the members of `from` that are not in `known` to `into`. Returns `into`, made when first needed. */
export function collectUnknown(from: object, known: ReadonlySet<string>, into: Members | undefined): Members | undefined {
  let found = into;
  for (const name in from) {
    if (known.has(name)) continue;
    found ??= members();
    found[name] = (from as Members)[name];
  }
  return found;
}

/** Sets `name` in `into`, made when first needed. */
export function withMember(into: Members | undefined, name: string, value: unknown): Members {
  const target = into ?? members();
  target[name] = value;
  return target;
}

/**
 * Brings unknown members into canonical order, so that the same members give the same digest. A text with U+0000 or a lone surrogate
 * cannot be stored as JSON by PostgreSQL; then all are kept as one text, under the name `unstorable_json`.
 */
export function canonicalExtra(extra: Members): Members {
  const state = { storable: true };
  const sorted = canonical(extra, state) as Members;
  return state.storable ? sorted : { unstorable_json: JSON.stringify(sorted) };
}

function canonical(value: unknown, state: { storable: boolean }): unknown {
  switch (typeof value) {
    case 'string':
      if (!isStorable(value)) state.storable = false;
      return value;
    case 'number':
      // JSON has no such number, though its grammar can write one (1e400).
      return Number.isFinite(value) ? value : String(value);
    case 'object': {
      if (value === null) return null;
      if (Array.isArray(value)) return value.map((element) => canonical(element, state));
      const sorted = members();
      for (const name of Object.keys(value).sort()) {
        if (!isStorable(name)) state.storable = false;
        sorted[name] = canonical((value as Members)[name], state);
      }
      return sorted;
    }
    default:
      return value;
  }
}

/** Whether PostgreSQL can store the text. */
export function isStorable(text: string): boolean {
  return !text.includes('\u0000') && text.isWellFormed();
}
