/** The module map in ARCHITECTURE.md, between its two markers, from what each workspace says of itself. */
import { readFile, glob } from 'node:fs/promises';
import { dirname, join } from 'node:path';

const root = dirname(import.meta.dirname);
const BEGIN = '<!-- modules: written by npm run gen -->';
const END = '<!-- end of modules -->';

interface Manifest {
  readonly name: string;
  readonly description?: string;
  readonly dependencies?: Readonly<Record<string, string>>;
}

/** The document by its path. */
export async function generate(): Promise<ReadonlyMap<string, string>> {
  const path = 'ARCHITECTURE.md';
  const text = await readFile(join(root, path), 'utf8');
  const from = text.indexOf(BEGIN);
  const to = text.indexOf(END);
  if (from === -1 || to < from) throw new Error(`${path} has lost the markers of its module map`);
  return new Map([[path, `${text.slice(0, from + BEGIN.length)}\n${await map()}\n${text.slice(to)}`]]);
}

async function map(): Promise<string> {
  const modules = await workspaces();
  const known = new Set(modules.map(({ manifest }) => manifest.name));
  const rows = modules
    .map(({ folder, manifest }) => ({
      folder,
      manifest,
      imports: Object.keys(manifest.dependencies ?? {}).filter((name) => known.has(name)),
    }))
    // Who imports least stands first: the order in which to read them.
    .sort((a, b) => a.imports.length - b.imports.length || (a.folder < b.folder ? -1 : 1))
    .map(
      ({ folder, manifest, imports }) =>
        `| [\`${folder}\`](${folder}) | ${manifest.description ?? ''} | ${imports.sort().join(', ') || 'none'} |`,
    );
  return ['| Folder | What it is | Imports, of ours |', '| --- | --- | --- |', ...rows].join('\n');
}

async function workspaces(): Promise<{ folder: string; manifest: Manifest }[]> {
  const found: { folder: string; manifest: Manifest }[] = [];
  const { workspaces: patterns } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8')) as { workspaces: string[] };
  for (const pattern of patterns) {
    for await (const file of glob(`${pattern}/package.json`, { cwd: root })) {
      found.push({ folder: dirname(file), manifest: JSON.parse(await readFile(join(root, file), 'utf8')) as Manifest });
    }
  }
  return found;
}
