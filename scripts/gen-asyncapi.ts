/** docs/reference/asyncapi.json, from the schemas in apps/vitals/src/topics that messages are checked with. */
import { asyncApiDocument } from '@kidjamo/vitals';

/** The document by its path. */
export function generate(): ReadonlyMap<string, string> {
  return new Map([['docs/reference/asyncapi.json', `${JSON.stringify(asyncApiDocument(), undefined, 2)}\n`]]);
}
