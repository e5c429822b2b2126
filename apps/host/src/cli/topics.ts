/** `kidjamo topics`: makes the topics of Kafka, and tells how they differ from what they have to be. */

import { KidjamoError } from '@kidjamo/stream';
import type { Command } from 'commander';

import { kafkaUse, wantedTopics } from '../config/kafka.ts';
import type { KafkaUse } from '../config/kafka.ts';
import { readSettings } from '../config/settings.ts';
import type { Settings } from '../config/settings.ts';
import { print } from './output.ts';

export function topicsCommand(program: Command, exit: (code: number) => void): void {
  const topics = program.command('topics').description('the topics of Kafka').exitOverride();
  topics
    .command('apply')
    .description('make the topics that are missing and set what differs; partitions and copies of existing ones are never changed')
    .option('--json', 'print what was done as JSON', false)
    .exitOverride()
    .action(async ({ json }: { json: boolean }) => {
      const { settings, kafka } = await required();
      const { applyTopics } = await import('@kidjamo/connector-kafka');
      const { created, configured, differences } = await applyTopics(kafka.connection, await wantedTopics(settings));
      const ok = differences.length === 0;
      const lines = [
        ...created.map((name) => `made ${name}`),
        ...configured.map((name) => `set ${name}`),
        ...differences.map(({ words }) => words),
        ...(created.length + configured.length + differences.length === 0 ? ['nothing to do'] : []),
      ];
      print(json, { ok, created, configured, differences }, lines);
      exit(ok ? 0 : 1);
    });
  topics
    .command('check')
    .description('tell how the topics differ from what they have to be; changes nothing')
    .option('--json', 'print the differences as JSON', false)
    .exitOverride()
    .action(async ({ json }: { json: boolean }) => {
      const { settings, kafka } = await required();
      const { inspectTopics } = await import('@kidjamo/connector-kafka');
      const differences = await inspectTopics(kafka.connection, await wantedTopics(settings));
      const ok = differences.length === 0;
      print(json, { ok, differences }, ok ? ['all topics are as they have to be'] : differences.map(({ words }) => words));
      exit(ok ? 0 : 1);
    });
}

async function required(): Promise<{ readonly settings: Settings; readonly kafka: KafkaUse }> {
  const settings = readSettings(process.env);
  const kafka = await kafkaUse(settings);
  if (kafka === undefined) throw new KidjamoError('CONFIG_INVALID', 'KAFKA_SERVERS is empty: there are no topics');
  return { settings, kafka };
}
