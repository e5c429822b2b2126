/** Pieces of DuckDB's SQL. */

import { KidjamoError } from '@kidjamo/stream';

/** A name, quoted. */
export function ident(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/** A text, quoted. */
export function literal(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

/** A list of texts. */
export function literals(texts: readonly string[]): string {
  return `[${texts.map(literal).join(', ')}]`;
}

/**
 * Refuses a folder that DuckDB would take for a pattern.
 * @throws KidjamoError CONFIG_INVALID
 */
export function checkFolder(folder: string): void {
  if (/[*?[\]{}]/.test(folder))
    throw new KidjamoError('CONFIG_INVALID', 'the folder of the lake and its scratch folder must not hold any of * ? [ ] { }');
}
