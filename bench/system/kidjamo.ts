/** Runs commands of Kidjamo, each in a process of its own, on a home folder of the bench's. */

import { spawn } from 'node:child_process';
import type { ChildProcess, SpawnOptions } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';

const PROGRAM = join(import.meta.dirname, '../../bin/kidjamo.mjs');
/** Makes a process of Kidjamo end when ours does, however that happens. */
const FOLLOW = 'KIDJAMO_FOLLOW_PARENT';
/** Settings of the person who runs the bench must not change what is measured. */
const OURS = /^(KIDJAMO_|KAFKA_|API_|PG|DATABASE_URL|AUTO_ENROLL)/;

/** Settings beside those that every command is given. */
export type More = Readonly<Record<string, string>>;

/** Starts a command that goes on by itself. Its standard output is lost, its log lines go where ours go. */
export function start(home: string, args: readonly string[], more: More = {}): ChildProcess {
  return spawn(process.execPath, [PROGRAM, ...args], options(home, ['ignore', 'ignore', 'inherit', 'ipc'], more));
}

/** What a command with `--json` printed. */
export interface Printed {
  readonly code: number;
  readonly value: Readonly<Record<string, unknown>>;
}

/** Runs a command to its end. @throws Error when it printed no JSON, or `signal` aborted first. */
export async function runJson(home: string, args: readonly string[], how: { signal: AbortSignal; more?: More }): Promise<Printed> {
  const { signal, more = {} } = how;
  const child = spawn(process.execPath, [PROGRAM, ...args, '--json'], {
    ...options(home, ['ignore', 'pipe', 'pipe', 'ipc'], more),
    signal,
  });
  let out = '';
  let err = '';
  child.stdout?.on('data', (chunk: Buffer) => {
    out += chunk.toString();
  });
  child.stderr?.on('data', (chunk: Buffer) => {
    err = (err + chunk.toString()).slice(-4000);
  });
  const [code] = (await once(child, 'close')) as [number | null];
  const line = out.trim().split('\n').at(-1) ?? '';
  if (code === null || !line.startsWith('{')) {
    throw new Error(`kidjamo ${args[0] ?? ''} ended with ${code ?? 'a signal'} and no JSON: ${err}`);
  }
  return { code, value: JSON.parse(line) as Printed['value'] };
}

function options(home: string, stdio: SpawnOptions['stdio'], more: More): SpawnOptions {
  const inherited = Object.fromEntries(Object.entries(process.env).filter(([name]) => !OURS.test(name)));
  const settings = { KIDJAMO_HOME: home, API_PORT: '0', KIDJAMO_LOG_LEVEL: 'warn', [FOLLOW]: '1', ...more };
  return { stdio: stdio ?? 'ignore', env: { ...inherited, ...settings } };
}
