/** What a change must pass before its behaviour is even tested. */
import { spawn } from 'node:child_process';
import { dirname } from 'node:path';

const root = dirname(import.meta.dirname);

/** A tool to run. */
interface Step {
  readonly name: string;
  readonly command: readonly [string, ...string[]];
}

/** What became of a {@link Step}. */
interface Outcome {
  readonly name: string;
  readonly ok: boolean;
  readonly output: string;
  readonly seconds: number;
}

const CHECK: readonly Step[] = [
  { name: 'types', command: ['tsc', '-p', 'tsconfig.json'] },
  { name: 'types of the page', command: ['tsc', '-p', 'apps/dashboard/tsconfig.json', '--noEmit'] },
  { name: 'lint', command: ['eslint', '.', '--max-warnings', '0'] },
  { name: 'format', command: ['prettier', '--check', '--log-level', 'warn', '.'] },
  { name: 'boundaries', command: ['depcruise', '--config', '.dependency-cruiser.cjs', 'packages', 'apps', 'test', 'bench'] },
  { name: 'unused', command: ['knip', '--no-config-hints'] },
  { name: 'generated', command: ['node', 'scripts/gen.ts', '--check'] },
];

// In this order: the generators' output is formatted too, and the linter has the last word on what it can mend.
const FIX: readonly Step[] = [
  { name: 'generated', command: ['node', 'scripts/gen.ts'] },
  { name: 'format', command: ['prettier', '--write', '--log-level', 'warn', '.'] },
  { name: 'lint', command: ['eslint', '.', '--fix'] },
];

/** Runs all checks, two at a time, prints a line for each and what the failed ones said. Gives the number that passed and failed. */
export async function check(): Promise<{ passed: number; failed: number }> {
  const waiting = [...CHECK];
  let failed = 0;
  const lane = async (): Promise<void> => {
    for (let step = waiting.shift(); step !== undefined; step = waiting.shift()) {
      const outcome = await run(step);
      report(outcome);
      if (!outcome.ok) failed += 1;
    }
  };
  await Promise.all([lane(), lane()]);
  return { passed: CHECK.length - failed, failed };
}

/** Mends what the tools can mend by themselves. Gives the number of tools that are still unhappy. */
export async function fix(): Promise<number> {
  let failed = 0;
  for (const step of FIX) {
    const outcome = await run(step);
    report(outcome);
    if (!outcome.ok) failed += 1;
  }
  return failed;
}

function report(outcome: Outcome): void {
  console.log(`${outcome.ok ? 'ok  ' : 'FAIL'} ${outcome.name} (${outcome.seconds.toFixed(1)} s)`);
  if (!outcome.ok) console.log(outcome.output.trimEnd());
}

function run(step: Step): Promise<Outcome> {
  const begun = performance.now();
  const [program, ...args] = step.command;
  return new Promise((resolve) => {
    const child = spawn(program, args, { cwd: root, stdio: ['ignore', 'pipe', 'pipe'], shell: process.platform === 'win32' });
    let output = '';
    const collect = (chunk: Buffer): void => {
      output += chunk.toString();
    };
    child.stdout.on('data', collect);
    child.stderr.on('data', collect);
    const finish = (ok: boolean): void => {
      resolve({ name: step.name, ok, output, seconds: (performance.now() - begun) / 1000 });
    };
    child.on('error', (error) => {
      output += error.message;
      finish(false);
    });
    child.on('close', (code) => {
      finish(code === 0);
    });
  });
}
