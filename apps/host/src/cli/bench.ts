/** `kidjamo bench`: how fast it is on this machine. */

import { KidjamoError } from '@kidjamo/stream';
import type { Command } from 'commander';

import { print, remark, wholeNumber } from './output.ts';

interface Options {
  readonly only?: string;
  readonly runs?: number;
  readonly rate?: number;
  readonly quick: boolean;
  readonly out?: string;
  readonly json: boolean;
}

export function benchCommand(program: Command, exit: (code: number) => void): void {
  program
    .command('bench')
    .description('measure this machine: throughput, latency, memory, and that nothing is lost')
    .option('--only <names>', 'scenarios, with commas between: baseline, single, burst, sustained, latency, replay, memory, idle')
    .option('--runs <n>', 'how often each is measured; the median counts', wholeNumber('--runs', 1, 99))
    .option('--rate <n>', 'readings per second of the sustained run', wholeNumber('--rate', 100, 1_000_000))
    .option('--quick', 'one short run of everything, under three minutes', false)
    .option('--out <file>', 'write the report here instead of docs/performance.md, also when it is not complete')
    .option('--json', 'print the report as JSON', false)
    .addHelpText(
      'after',
      '\nThe whole takes about 40 minutes and 20 GB of free disk in the temporary folder (TMPDIR).\nIt writes docs/performance.md when everything was measured at full size.',
    )
    .action(async (options: Options) => {
      exit(await bench(options));
    });
}

async function bench(options: Options): Promise<number> {
  // No part of the application: only loaded when it is asked for.
  const { isScenario, runBench, SCENARIOS, tableLines, toJson } = await import('../../../../bench/index.ts');
  const { only, json, ...rest } = options;
  const names = only?.split(',').map((name) => name.trim()) ?? [];
  if (!names.every(isScenario)) throw new KidjamoError('CONFIG_INVALID', `--only takes ${SCENARIOS.join(', ')}`);
  const stop = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stop.abort());
  const began = performance.now();
  const report = await runBench({
    ...rest,
    ...(only === undefined ? {} : { only: names }),
    command: ['npm run bench', ...given()].join(' '),
    signal: stop.signal,
    say: (line) => remark(`${String(Math.round((performance.now() - began) / 1000)).padStart(5)} s  ${line}`),
  });
  print(json, toJson(report), tableLines(report));
  return report.ok ? 0 : 1;
}

/** The options as they were typed, behind the two dashes that npm wants. Where the report goes is nobody's business. */
function given(): string[] {
  const typed = process.argv.slice(process.argv.indexOf('bench') + 1);
  const kept = typed.filter((word, i) => !word.startsWith('--out') && typed[i - 1] !== '--out');
  return kept.length === 0 ? [] : ['--', ...kept];
}
