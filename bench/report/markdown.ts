/** The report as docs/performance.md. */

import { SCENARIO_TITLES } from '../plan.ts';
import type { Plan } from '../plan.ts';
import { QUOTED_BASELINES } from './figures.ts';
import type { Report } from './report.ts';
import { figureLines, machineLines, sumLines } from './sections.ts';

export function toMarkdown(report: Report): string {
  return [
    '# Performance',
    '',
    `Written by \`npm run bench\`. Do not edit. Everything runs on one machine: the client, the gateway, the task, PostgreSQL and the lake share its cores.`,
    '',
    ...machineLines(report),
    '',
    '## Figures',
    '',
    `Medians of ${report.plan.runs}; memory is measured once. Ratios are to the bare server of the same run.`,
    '',
    ...figureLines(report),
    '',
    ...report.notes.flatMap((note) => [note, '']),
    '## Nothing lost',
    '',
    'The sender counts what was acknowledged. The system counts what it stored, what it had already, and what waits in quarantine.',
    '',
    ...sumLines(report),
    '',
    ...methodLines(report.plan),
    '',
    '## Again',
    '',
    '```sh',
    `${report.command}   # this report, ${Math.ceil(report.seconds / 60)} minutes`,
    'npm run bench -- --quick      # a look, under three minutes; writes nothing',
    'npm run bench -- --only single,burst --runs 3',
    '```',
    '',
  ].join('\n');
}

function methodLines(plan: Plan): string[] {
  const seconds = (ms: number): string => `${ms / 1000} s`;
  const minutes = Math.round(plan.memoryMs / 6000) / 10;
  return [
    '## How it is measured',
    '',
    `- **Baseline** (${SCENARIO_TITLES.baseline}): a process of its own that parses each body and answers. ${seconds(plan.baselineMs)} after ${seconds(plan.warmupMs)} of warm-up.`,
    `  On the machine that the bounds were set on it did ${QUOTED_BASELINES.baseline_single.toLocaleString('en-US')} single posts and ${QUOTED_BASELINES.baseline_batch.toLocaleString('en-US')} readings in batches per second. Under half of that, a ratio is void.`,
    '- **System**: `kidjamo up` in a process of its own, on an empty home, with default settings. The same client and the same requests as for the baseline.',
    `- **Client**: a process of its own that writes prepared requests to sockets and changes only digits, so that every reading is unique. ${plan.connections} connections for single posts,`,
    `  ${plan.batchConnections} for batches. Readings go round ${plan.patients.toLocaleString('en-US')} patients, who are enrolled before the clock starts.`,
    '  Ready-made tools such as wrk would have to be installed, and need a script per request to make readings unique.',
    `- **Single**: ${SCENARIO_TITLES.single}. ${seconds(plan.singleMs)}. **Burst**: ${SCENARIO_TITLES.burst}. ${seconds(plan.burstMs)}.`,
    `- **Sustained**: ${plan.sustainedRate.toLocaleString('en-US')} readings/s are due for ${seconds(plan.sustainedMs)}, whether or not earlier ones were answered.`,
    `- **Latency**: ${plan.latencyRate.toLocaleString('en-US')} single posts per second are due, at times fixed beforehand; every ${plan.criticalEvery}th is critical, each of another patient. The time runs from when a reading was`,
    '  due, so that a stall counts for all who wait. It ends when another connection to PostgreSQL, which looks every 2 ms, sees the record of the alert; the row of the alert is committed with it.',
    '- **Replay**: `kidjamo replay` on a running, empty instance. The time runs from typing the command to its end, when the task has processed all and the lake has it.',
    `- **Memory**: resident memory of the Node.js process each second, over ${minutes} minutes at ${plan.memoryLoad * 100} % of the sustained rate. Flat is a slope by least squares over the second half that would`,
    '  change the mean of that half by 5 % or less. The idle demo is looked at after it has settled.',
  ];
}
