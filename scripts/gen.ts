/**
 * `npm run gen`: writes every document that can be derived from the code. With `--check` it writes nothing and fails when one is out of date.
 * Each `scripts/gen-*.ts` exports `generate()`, which gives the documents by their path from the root.
 */
import { mkdir, readFile, readdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';

const root = dirname(import.meta.dirname);

/** What a generator exports. */
export interface Generator {
  generate(): ReadonlyMap<string, string> | Promise<ReadonlyMap<string, string>>;
}

/** Every generated document by its path from the root. */
export async function generateAll(): Promise<ReadonlyMap<string, string>> {
  const all = new Map<string, string>();
  for (const file of (await readdir(import.meta.dirname)).filter((name) => /^gen-.*\.ts$/.test(name)).sort()) {
    const generator = (await import(pathToFileURL(join(import.meta.dirname, file)).href)) as Generator;
    for (const [path, text] of await generator.generate()) all.set(path, text);
  }
  return all;
}

async function current(path: string): Promise<string | undefined> {
  try {
    return await readFile(join(root, path), 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

// Run by name, or by scripts/run.mjs, which imports it and puts its name there.
if (process.argv[1] === import.meta.filename) {
  const checkOnly = process.argv.includes('--check');
  for (const [path, text] of await generateAll()) {
    if ((await current(path)) === text) continue;
    if (checkOnly) {
      console.error(`${path} is out of date. Remedy: npm run gen`);
      process.exitCode = 1;
    } else {
      await mkdir(dirname(join(root, path)), { recursive: true });
      await writeFile(join(root, path), text);
      console.log(`wrote ${path}`);
    }
  }
}
