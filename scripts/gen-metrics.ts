/** docs/reference/metrics.md, from a registry into which everything has registered, the schema of the JSON form, and the task's counters. */
import { glob, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { ManualClock } from '@kidjamo/stream/testing';
import pg from 'pg';
import { addGauges, makeMetrics } from '../apps/host/src/roles/mqtt-role.ts';
import { PipelineStatus } from '../apps/host/src/roles/pipeline-status.ts';
import { ThreadMetrics } from '../apps/host/src/roles/thread-metrics.ts';
import { makeLogger } from '../apps/host/src/roles/logger.ts';
import { DiskGuard } from '../apps/host/src/stack/disk-guard.ts';
import { MetricsAnswer } from '../apps/vitals/src/contracts/formats/operations.ts';
import { GatewayMetrics } from '../apps/vitals/src/gateway/metrics.ts';

const root = dirname(import.meta.dirname);

/** The counters of the task, which are part of its commit. `*` stands for what is put in. */
const COUNTERS: Readonly<Record<string, string>> = {
  action_applied: 'Actions of people on alerts that took effect.',
  action_refused: 'Actions of people on alerts that the state of the alert did not allow; written down all the same.',
  alert_opened: 'Alerts opened.',
  call: 'Steps of episodes: people to be called for alarms.',
  unreached: 'Calls of a level at which there is nobody; the next one is called at once.',
  alert_retrospective: 'Alerts raised for late breaches; they are never open.',
  behind_watermark: 'Readings later than their device\u2019s watermark: stored, and in no pane.',
  'breach.*': 'Stored readings that breach a floor, by its code.',
  'check.*': 'Findings of a [quality check](quality.md), by its name.',
  conflict: 'Records whose key came before with another body; they wait in quarantine.',
  dead_letter: 'Records that could not be processed.',
  device_status: 'Statuses of devices.',
  duplicate: 'Records that came before, with the same body.',
  held: 'Readings that wait in quarantine and were checked against the floors.',
  imported: 'Stored readings that came by an import.',
  late: 'Stored readings that came late.',
  manual_alert: 'Alerts of people and other systems.',
  override_applied: 'Changes of the rules for one patient that took effect.',
  override_refused: 'Changes of the rules for one patient that could not be made; written down all the same.',
  patient_changed: 'Changes of what is known of a patient.',
  stored: 'Readings stored.',
  timer_failed: 'Timers that the task could not handle.',
};

/** The document by its path. */
export async function generate(): Promise<ReadonlyMap<string, string>> {
  await checkCounters();
  return new Map([
    [
      'docs/reference/metrics.md',
      [
        '# Metrics',
        '',
        'Written by `npm run gen` from a registry in which everything is registered. No label names a person or a device.',
        '',
        '## For Prometheus',
        '',
        '`GET /metrics/prometheus`, or `GET /metrics` with `Accept: text/plain`.',
        '',
        '| Metric | Type | Labels | Meaning |',
        '| --- | --- | --- | --- |',
        ...(await registered()),
        '',
        '## As JSON',
        '',
        '`GET /metrics`. Percentiles are null before the first request.',
        '',
        '| Member | Meaning |',
        '| --- | --- |',
        ...Object.entries(MetricsAnswer.properties).map(([name, schema]) => `| \`${name}\` | ${describe(name, schema)} |`),
        '',
        '## Counted in the commit',
        '',
        'What the task counts, each thing exactly once: `SELECT name, sum(value) FROM stream.counter GROUP BY name`.',
        '',
        '| Counter | Meaning |',
        '| --- | --- |',
        ...Object.entries(COUNTERS).map(([name, meaning]) => `| \`${name}\` | ${meaning} |`),
        '',
      ].join('\n'),
    ],
  ]);
}

function describe(name: string, schema: object): string {
  if (!('description' in schema)) throw new Error(`${name} has no description in apps/vitals/src/contracts/formats/operations.ts`);
  return String(schema.description);
}

async function registered(): Promise<string[]> {
  const clock = new ManualClock(0);
  const { registry } = new GatewayMetrics({
    clock,
    status: { processedMessages: () => 0, kafkaConnected: () => null, kafkaTopics: () => [], dependencies: () => Promise.resolve({}) },
    pending: () => 0,
  });
  // Never connected: what is registered does not depend on what is measured.
  const pool = new pg.Pool({ host: '127.0.0.1', port: 1 });
  const logger = makeLogger('gen', 'silent');
  new PipelineStatus({ pool, disk: new DiskGuard(root, 0), registry, logger, restarts: () => 0 });
  makeMetrics(registry, logger);
  addGauges(registry, () => ({ connections: 0, devices: 0, unacknowledged: 0 }));
  new ThreadMetrics(registry);
  const all = registry.getMetricsAsArray().map(({ name }) => name);
  const types = new Map((await registry.getMetricsAsJSON()).map(({ name, type }) => [name, String(type)]));
  return all.sort().map((name) => {
    const metric = registry.getSingleMetric(name);
    const labels = metric !== undefined && 'labelNames' in metric && Array.isArray(metric.labelNames) ? metric.labelNames : [];
    const help = metric !== undefined && 'help' in metric ? String(metric.help) : '';
    return `| \`${name}\` | ${types.get(name) ?? ''} | ${labels.map((label) => `\`${String(label)}\``).join(', ')} | ${help} |`;
  });
}

/** Throws unless the counters in the code are those described here. */
async function checkCounters(): Promise<void> {
  const counted = new Set<string>();
  for await (const file of glob(['apps/vitals/src/{actions,pipeline}/**/*.ts', 'packages/stream/src/runtime/**/*.ts'], { cwd: root })) {
    const text = await readFile(join(root, file), 'utf8');
    for (const [, call = ''] of text.matchAll(/\.count\(([^)]*)\)/g)) {
      // A condition may choose between two names.
      for (const [, name = ''] of call.matchAll(/['`]([^'`]+)['`]/g)) counted.add(name.replace(/\$\{.*\}/, '*'));
    }
  }
  const odd = [...counted].filter((name) => !(name in COUNTERS)).concat(Object.keys(COUNTERS).filter((name) => !counted.has(name)));
  if (odd.length > 0) throw new Error(`scripts/gen-metrics.ts and the code disagree on the counters ${odd.join(', ')}`);
}
