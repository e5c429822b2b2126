/** The report as docs/performance-kafka.md. */

import { figureLines, machineLines, sumLines } from '../report/sections.ts';
import type { KafkaReport } from './index.ts';
import type { KafkaPlan } from './plan.ts';

export function toMarkdown(report: KafkaReport): string {
  const missed = report.results.filter(({ verdict }) => verdict === 'missed').map(({ figure }) => figure.title);
  return [
    '# Performance on Kafka',
    '',
    'Written by `npm run bench:kafka`. Do not edit. Everything runs on one machine: broker, workers, Kafka Streams and PostgreSQL share its cores.',
    '',
    ...machineLines(report, [['Apache Kafka, Kafka Streams', report.kafka]]),
    '',
    '## Figures',
    '',
    `Medians of ${report.plan.runs}, each in a round with the others. Ratios are of figures of the same round.`,
    '',
    ...figureLines(report),
    '',
    missed.length === 0 ? 'Nothing was missed.' : `Missed: ${missed.join('; ')}.`,
    '',
    ...report.notes.flatMap((note) => [note, '']),
    '## Nothing lost, nothing twice',
    '',
    'What the gateway acknowledged, and what the task counted in the transactions in which it stored it.',
    '',
    ...sumLines(report),
    '',
    ...methodLines(report.plan),
    ...peerLines(),
    '## Again',
    '',
    '```sh',
    `${report.command}   # this report, ${Math.ceil(report.seconds / 60)} minutes`,
    'npm run bench:kafka -- --quick      # a look; writes nothing',
    '```',
    '',
  ].join('\n');
}

function methodLines(plan: KafkaPlan): string[] {
  const number = (value: number): string => value.toLocaleString('en-US');
  return [
    '## How it is measured',
    '',
    `- **Input**: ${number(plan.readings)} readings of ${number(plan.patients)} patients, ${plan.spacingMs / 1000} s apart, one in ${plan.criticalEvery} critical, sent to \`kidjamo gateway\` in mode \`direct\` before anything is measured: sealed, on the`,
    `  ${plan.partitions} partitions of \`kidjamo-vitals-input\` (a number that ${plan.workers} workers share evenly). Each measurement begins with a copy of the database as the gateway left it, after a checkpoint.`,
    '- **Bare loop**: a process that fetches the same messages through the same client and the same function as the task, one fetch ahead, makes nothing of them, and COPYs as many rows of `measurements` into the same table over',
    '  one connection. The rows are those that the task makes of these records, put into the form of a COPY beforehand. It validates, looks up, remembers and keeps nothing. Six of them at once show what these cores could do.',
    '- **Worker**: `kidjamo worker --roles task`, as it is delivered: opens the records, checks that none was stored before, validates, grades, enriches, checks floors, keeps panes for windows, and commits rows, panes, state, output',
    '  records and its position in one fenced transaction on PostgreSQL.',
    '- **Rates**: from the start of consumption (the first fetch; the first claim of a partition; the first record in Kafka Streams) to the last commit, compilers cold. **In full swing**: the slope by least squares of what was',
    '  committed, from 25 % to 85 % of it. Ratios are of the former, which is less favourable to us; that to Kafka Streams is of the latter, since a JVM starts slowly.',
    '- **Three workers**: processes of their own, started at once; the time runs from the first claim, so that it holds their joining one after the other and three cold compilers. One worker computes in one thread, so several may do more on',
    '  the same cores; what they do less than that is what coordination costs.',
    '- **Rebalance**: a worker is at work on a backlog. Another is started (process start included) until it has committed its first record; then it is killed (SIGKILL) until one of its partitions goes on at the other.',
    '  A partition is given up after the batch in hand. How soon a dead worker is noticed is a setting of the brokers.',
    '- **Processor time**: of the processes named and all that they started, from their start to the last commit. It is what is left to compare when the machine is not quiet.',
    '',
  ];
}

function peerLines(): string[] {
  return [
    '## The peer',
    '',
    '[bench/peers/kafka-streams](../bench/peers/kafka-streams) does the job of the task with the Processor API of Kafka Streams on the JVM, `exactly_once_v2`: validates, checks ranges and jumps against the reading before, checks the same floors,',
    'keeps open alerts and windows of five minutes in RocksDB with changelogs, and writes enriched readings, alerts and closed windows to topics. Two threads, a commit each second as the task does under load, a cache for all its stores.',
    '',
    'What it need not do, and the task does: open sealed records (it is given them unsealed); look up whether a reading was stored before; tell repetitions from contradictions; a window at every minute (its windows of five minutes do not overlap);',
    'sums that are exact in any order; all 14 quality codes; put anything where it can be queried: its results are on topics and in stores of its own, and whoever wants them in a database has that still to do.',
    'What it does, and the task does not: a changelog of its state on the broker, so that it could start without a database.',
    'Both are given the same records on as many partitions, and each is checked: the windows of the peer hold every reading once.',
    '',
  ];
}
