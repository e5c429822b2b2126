/** Installs the packages when what is in node_modules is not what package-lock.json asks for. Plain JavaScript for Node.js 18 or newer. */
import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { pinnedNode, root } from '../bin/pinned-node.mjs';
import { acquire } from './lock.mjs';

const lock = join(root, '.install.lock');

/** What npm says it has installed, against what the lock file asks for. Nothing else can be trusted after an interrupted installation. */
export function missing() {
  const wanted = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')).packages;
  const installedFile = join(root, 'node_modules', '.package-lock.json');
  if (!existsSync(installedFile) || pinnedNode() === undefined) return true;
  const installed = JSON.parse(readFileSync(installedFile, 'utf8')).packages;
  return Object.entries(wanted).some(([path, entry]) => {
    if (path === '' || entry.optional || entry.devOptional) return false;
    return installed[path]?.version !== entry.version || installed[path]?.integrity !== entry.integrity;
  });
}

/** Installs if need be. Two processes at once: the second waits for the first. */
export async function install() {
  if (!missing()) return;
  const release = await acquire(lock, 'Another process is installing the packages; waiting for it.');
  try {
    if (missing()) await npmCi();
  } finally {
    release();
  }
  if (missing()) fail('npm ended well, but the packages are not all there. Remedy: npm ci, and read what it says.');
}

/** One line while it runs; what npm printed only where it failed. */
async function npmCi() {
  const line = 'Installing packages (about a minute, once)';
  const begun = Date.now();
  const terminal = process.stderr.isTTY === true;
  if (!terminal) process.stderr.write(`${line} ...\n`);
  const ticker = terminal
    ? setInterval(() => process.stderr.write(`\r${line} ... ${Math.round((Date.now() - begun) / 1000)} s`), 250)
    : undefined;
  // node_modules is replaced under our feet: npm has to run on the machine's own Node.js.
  const path = (process.env.PATH ?? '')
    .split(delimiter)
    .filter((folder) => !folder.startsWith(join(root, 'node_modules')))
    .join(delimiter);
  const npm = spawn('npm', ['ci', '--loglevel=error', '--no-audit', '--no-fund'], {
    cwd: root,
    env: { ...process.env, PATH: path },
    shell: process.platform === 'win32',
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let said = '';
  npm.stdout.on('data', (chunk) => (said += chunk));
  npm.stderr.on('data', (chunk) => (said += chunk));
  const outcome = await new Promise((resolve) => {
    npm.on('error', (error) => resolve(error.message));
    npm.on('close', (code, signal) => resolve(code === 0 ? undefined : `npm ci ended with ${signal ?? code}`));
  });
  clearInterval(ticker);
  const seconds = Math.round((Date.now() - begun) / 1000);
  if (outcome !== undefined) {
    // The rest of what npm says at a failure is its manual.
    const reason = said.split('\n').slice(0, 20).join('\n');
    fail(`${terminal ? '\n' : ''}${reason}\n${outcome} after ${seconds} s. Remedy: see above; no network, or a proxy, is the usual cause.`);
  }
  process.stderr.write(`${terminal ? '\r' : ''}Installed the packages in ${seconds} s.${terminal ? ' '.repeat(40) : ''}\n`);
}

function fail(message) {
  console.error(message);
  process.exit(1);
}
