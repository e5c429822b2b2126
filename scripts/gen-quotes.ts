/** The code in the guides: a fence that says `file=path` holds that file, as it is. */
import { glob, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';

const root = dirname(import.meta.dirname);

/** The documents by their path. */
export async function generate(): Promise<ReadonlyMap<string, string>> {
  const documents = new Map<string, string>();
  for await (const path of glob('docs/guides/*.md', { cwd: root }))
    documents.set(path, await quoted(await readFile(join(root, path), 'utf8')));
  return documents;
}

async function quoted(text: string): Promise<string> {
  let result = text;
  for (const [block, opening = '', file = ''] of text.matchAll(/^(```\w+ file=(\S+)\n).*?^```$/gms)) {
    const code = await readFile(join(root, file), 'utf8');
    // As a function, since code may hold what `replace` takes for a pattern.
    result = result.replace(block, () => `${opening}${code}\`\`\``);
  }
  return result;
}
