/** `npm run bench:kafka`: how fast the pipeline is on Kafka, on this machine. */

import { parseArgs } from 'node:util';

import { fail, print, progressBar, remark, wholeNumber } from '../../apps/host/src/cli/output.ts';
import { toJson } from '../report/report.ts';
import { tableLines } from '../report/table.ts';
import { runKafkaBench } from './index.ts';

const HELP = `Usage: npm run bench:kafka -- [options]

Measures the vitals task on Apache Kafka: beside a bare loop, beside Kafka Streams, in three workers, and when the group changes.
Starts a broker and a PostgreSQL of its own and ends them. Needs a JDK 17 or newer and, the first time, Maven.

  --runs <n>      rounds; medians count (default 5)
  --readings <n>  readings on the input topic, a multiple of 100 (default 600,000)
  --quick         one round with few readings, about six minutes; writes nothing
  --out <file>    write the report here instead of docs/performance-kafka.md, also when it is not complete
  --json          print the report as JSON
  --help          print this

The whole takes about 20 minutes and 5 GB of free disk in the temporary folder (TMPDIR).
It writes docs/performance-kafka.md when everything was measured at full size.`;

try {
  process.exitCode = await main();
} catch (error) {
  process.exitCode = fail(error, process.argv.includes('--json'));
}

async function main(): Promise<number> {
  const flag = { type: 'boolean', default: false } as const;
  const text = { type: 'string' } as const;
  const { values } = parseArgs({ options: { runs: text, readings: text, out: text, quick: flag, json: flag, help: flag } });
  if (values.help) {
    print(false, undefined, [HELP]);
    return 0;
  }
  const { json, quick, out, runs, readings } = values;
  const stop = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stop.abort());
  const began = performance.now();
  const bar = progressBar('bench:kafka {bar} {percentage}% | {eta_formatted} left', 1, {});
  const report = await runKafkaBench({
    quick,
    ...(runs === undefined ? {} : { runs: wholeNumber('--runs', 1, 99)(runs) }),
    ...(readings === undefined ? {} : { readings: wholeNumber('--readings', 10_000, 10_000_000)(readings) }),
    ...(out === undefined ? {} : { out }),
    command: ['npm run bench:kafka', ...given()].join(' '),
    signal: stop.signal,
    progress: (done, of) => bar.update(done / of, {}),
    say: (line) => remark(`${String(Math.round((performance.now() - began) / 1000)).padStart(5)} s  ${line}`),
  });
  bar.stop();
  print(json, { ...toJson(report), kafka: report.kafka }, tableLines(report));
  return report.ok ? 0 : 1;
}

/** The options as they were typed, behind the two dashes that npm wants. Where the report goes is nobody's business. */
function given(): string[] {
  const typed = process.argv.slice(2);
  const kept = typed.filter((word, i) => !word.startsWith('--out') && typed[i - 1] !== '--out');
  return kept.length === 0 ? [] : ['--', ...kept];
}
