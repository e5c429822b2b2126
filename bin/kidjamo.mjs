#!/usr/bin/env node
import { followParent, isNewEnough, root, runPinned } from './pinned-node.mjs';
import { existsSync } from 'node:fs';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { join } from 'node:path';

if (!isNewEnough()) {
  runPinned([fileURLToPath(import.meta.url), ...process.argv.slice(2)]);
} else {
  followParent();
  if (!existsSync(join(root, 'node_modules'))) {
    console.error(`The packages are not installed in ${root}. Remedy: npm install`);
    process.exit(1);
  }
  const { main } = await import(pathToFileURL(join(root, 'apps/host/src/cli/main.ts')).href);
  process.exitCode = await main(process.argv.slice(2));
}
