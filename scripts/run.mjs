/**
 * What the scripts of package.json call: installs what is missing, then runs the real thing under the pinned Node.js. Plain JavaScript for
 * Node.js 18 or newer, since it is what a fresh clone starts with.
 */
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { followParent, isNewEnough, pinnedEnvironment, root, runPinned } from '../bin/pinned-node.mjs';
import { install } from './install.mjs';

/** Each verb: the file that does it, and what it is given before the person's own arguments. */
const VERBS = {
  demo: ['bin/kidjamo.mjs', 'up', '--demo'],
  kidjamo: ['bin/kidjamo.mjs'],
  bench: ['bin/kidjamo.mjs', 'bench'],
  test: ['scripts/test.ts'],
  'bench:kafka': ['bench/kafka/main.ts'],
  chaos: ['scripts/test.ts', '--chaos'],
  check: ['scripts/check.ts'],
  fix: ['scripts/check.ts', '--fix'],
  gen: ['scripts/gen.ts'],
};

const [verb, ...rest] = process.argv.slice(2);
const [file, ...given] = VERBS[verb] ?? [];
if (file === undefined) {
  console.error(`Usage: node scripts/run.mjs ${Object.keys(VERBS).join('|')} [arguments]`);
  process.exit(2);
}

await install();
if (isNewEnough()) {
  followParent();
  process.env.PATH = pinnedEnvironment().PATH;
  process.argv = [process.argv[0], join(root, file), ...given, ...rest];
  await import(pathToFileURL(join(root, file)).href);
} else {
  runPinned([join(root, 'scripts/run.mjs'), verb, ...rest]);
}
