/** docs/reference/openapi.json, from the routes in apps/vitals/src/api and the schemas they check with. */
import { openApiDocument } from '@kidjamo/vitals';

/** The document by its path. */
export function generate(): ReadonlyMap<string, string> {
  return new Map([['docs/reference/openapi.json', `${JSON.stringify(openApiDocument(), undefined, 2)}\n`]]);
}
