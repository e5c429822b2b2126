/**
 * Runs a program under the Node.js that the package `node` brought into node_modules, whatever Node.js (18 or newer) typed the command.
 * Plain JavaScript: it must run before anything modern is there.
 */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { constants } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The folder of the repository. */
export const root = dirname(dirname(fileURLToPath(import.meta.url)));

const pinned = join(root, 'node_modules', 'node', 'bin', process.platform === 'win32' ? 'node.exe' : 'node');

/** The major version of Node.js from which on TypeScript files run as they are. */
const NEEDED = 24;

/** The same signal again within this time (ms) is the same wish: a terminal and npm both send Ctrl-C. */
const SAME_SIGNAL_MS = 1000;

/** Says on a descriptor that closes by itself when the parent dies, however it dies, that this process has to follow it. */
const FOLLOW = 'KIDJAMO_FOLLOW_PARENT';

/** Tells whether this process is new enough to run the program itself. */
export function isNewEnough() {
  return Number(process.versions.node.split('.')[0]) >= NEEDED;
}

/** The path of the pinned Node.js, or undefined where it is not installed. */
export function pinnedNode() {
  return existsSync(pinned) ? pinned : undefined;
}

/** The environment in which `node` and the installed tools are the pinned ones. */
export function pinnedEnvironment() {
  const path = [dirname(pinned), join(root, 'node_modules', '.bin'), process.env.PATH ?? ''].join(delimiter);
  return { ...process.env, PATH: path };
}

/** Ends this process, through its ordinary handler of SIGTERM, when the wrapper that started it is gone. */
export function followParent() {
  if (process.env[FOLLOW] === undefined) return;
  delete process.env[FOLLOW];
  process.once('disconnect', () => process.kill(process.pid, 'SIGTERM'));
  process.channel?.unref();
}

/**
 * Runs `node args...` under the pinned Node.js and ends this process as that one ended. Standard streams are shared. Signals are passed on once:
 * the child leads a session of its own, so that a Ctrl-C in the terminal reaches it only from here.
 */
export function runPinned(args) {
  const node = pinnedNode();
  if (node === undefined) {
    console.error(
      `Node.js ${NEEDED} is not installed in ${join(root, 'node_modules')} and this is ${process.version}. Remedy: npm install`,
    );
    process.exit(1);
  }
  const child = spawn(node, args, {
    stdio: ['inherit', 'inherit', 'inherit', 'ipc'],
    detached: process.platform !== 'win32',
    env: { ...pinnedEnvironment(), [FOLLOW]: '1' },
  });
  const last = new Map();
  const forward = (signal) => {
    const now = Date.now();
    if (now - (last.get(signal) ?? 0) < SAME_SIGNAL_MS) return;
    last.set(signal, now);
    child.kill(signal);
  };
  const forwarded = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGUSR2', 'SIGWINCH'];
  for (const signal of forwarded) process.on(signal, forward);
  child.on('error', (error) => {
    console.error(`Cannot start ${node}: ${error.message}. Remedy: npm ci`);
    process.exit(1);
  });
  child.on('exit', (code, signal) => {
    if (signal === null) process.exit(code ?? 1);
    // The one who waits for us must see the signal that ended the child, not a plain failure.
    for (const name of forwarded) process.removeListener(name, forward);
    process.kill(process.pid, signal);
    // Some signals are ignored here; the shell's convention then.
    setTimeout(() => process.exit(128 + (constants.signals[signal] ?? 0)), 100);
  });
}
