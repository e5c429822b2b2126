/**
 * `npm test`: runs the test suites and ends with one line, `N passed, N failed, N skipped`. Arguments are filters on file names.
 * With CI=true nothing may be skipped, the checks count as tests, and the suites run at full size (KIDJAMO_SUITE=full).
 */
import { dirname, relative } from 'node:path';
import { createVitest, type TestModule } from 'vitest/node';
import { check } from './checks.ts';
import { add, verdict, type Tally } from './tally.ts';

const root = dirname(import.meta.dirname);
const ci = process.env['CI'] === 'true';
const chaos = process.argv.includes('--chaos');
const filters = process.argv.slice(2).filter((argument) => !argument.startsWith('--'));

// Set before Vitest reads its configuration: it decides which projects have files.
if (ci || chaos) process.env['KIDJAMO_SUITE'] = 'full';

let tally: Tally = { passed: 0, failed: 0, skipped: 0 };
if (ci && filters.length === 0 && !chaos) tally = add(tally, { ...(await check()), skipped: 0 });
tally = add(tally, await vitest());

const { line, code } = verdict(tally, ci);
console.log(line);
// Not process.exitCode: a handle that a test left open must not keep a finished run alive.
process.exit(code);

async function vitest(): Promise<Tally> {
  const runner = await createVitest({ root, watch: false, ...(chaos ? { project: ['chaos'] } : {}) });
  await runner.start(filters);
  const modules = runner.state.getTestModules();
  const counted = { passed: 0, failed: 0, skipped: 0 };
  const skipped: string[] = [];
  for (const module of modules) {
    // A file that could not be loaded has no tests to fail.
    if (module.state() === 'failed' && !hasFailedTest(module)) counted.failed += 1;
    for (const test of module.children.allTests()) {
      const result = test.result();
      // Pending: the worker died under it.
      if (result.state === 'pending') counted.failed += 1;
      else counted[result.state] += 1;
      if (result.state === 'skipped')
        skipped.push(`${relative(root, module.moduleId)} > ${test.fullName}: ${result.note ?? 'no reason given'}`);
    }
  }
  const stray = runner.state.getUnhandledErrors().length;
  await runner.close();
  if (skipped.length > 0) console.log(['Skipped:', ...skipped.map((one) => `  ${one}`)].join('\n'));
  return { ...counted, failed: counted.failed + stray };
}

function hasFailedTest(module: TestModule): boolean {
  for (const test of module.children.allTests()) {
    if (test.result().state === 'failed') return true;
  }
  return false;
}
