/** What a reader of committed messages finds on a topic. */
import { KafkaLog, withAdmin } from '@kidjamo/connector-kafka';
import type { KafkaConnection } from '@kidjamo/connector-kafka';
import { systemClock, TICK_KEY } from '@kidjamo/stream';
import type { LogRecord } from '@kidjamo/stream';
import { OUTPUT_TOPICS, TOPICS } from '@kidjamo/vitals';
import { expect } from 'vitest';
import type { Home } from './kidjamo.ts';
import { expectTotals, totalsOf, type Totals } from './recording.ts';

const READ_SIZE = 5000;

/** A topic as a log, its messages as they stand there. To be closed by the caller. */
export function openTopic(connection: KafkaConnection, topic: string): Promise<KafkaLog> {
  return KafkaLog.open({ connection, topic, clock: systemClock });
}

/** Removes what a home has on Kafka: the next one has other keys, and positions of its own. */
export async function removeTopics(connection: KafkaConnection): Promise<void> {
  const topics = [...Object.values(TOPICS), 'kidjamo-relay-positions'];
  await withAdmin(connection, { what: 'removing the topics' }, (admin) => admin.deleteTopics({ topics }));
}

/** Shows every message of a topic up to its end now, so that a topic of any size can be looked through. */
export async function eachMessage(connection: KafkaConnection, topic: string, visit: (message: LogRecord) => void): Promise<void> {
  const log = await openTopic(connection, topic);
  try {
    for (const [partition, end] of (await log.ends()).entries()) {
      for (let next = 0; next < end;) {
        const some = await log.read(partition, next, READ_SIZE);
        some.forEach(visit);
        next = (some.at(-1)?.offset ?? end) + 1;
      }
    }
  } finally {
    await log.close();
  }
}

/** Records of the input topic, ticks apart. */
export async function countInput(connection: KafkaConnection): Promise<number> {
  let records = 0;
  await eachMessage(connection, TOPICS.input, ({ key }) => {
    if (key !== TICK_KEY) records += 1;
  });
  return records;
}

/** Records that consumer groups of the database, and of the topics given, have not consumed yet. */
export async function lag(home: Home, topics: readonly KafkaLog[]): Promise<number> {
  const ends = new Map(await Promise.all(topics.map(async (log) => [log.name, await log.ends()] as const)));
  const rows = await home.sql<{ log: string; partition: number; next: number; end: number | null }>(
    `SELECT o.log, o.partition, o.next_offset::float8 AS next, p.next_offset::float8 AS "end"
       FROM stream.consumer_offset o LEFT JOIN stream.log_partition p USING (log, partition)`,
  );
  return rows.reduce((sum, { log, partition, next, end }) => sum + Math.max(0, (end ?? ends.get(log)?.[partition] ?? Infinity) - next), 0);
}

interface Message {
  readonly message_id: string;
  readonly patient_id: string;
  readonly measurements: Readonly<Record<'freq_card' | 'spo2_pct' | 'freq_resp' | 'temp_corp', number | null>>;
}

/** Every output of the task stands on its topic once, and the readings there are those of the lines. Tells how many stand on each topic. */
export async function expectOutputs(
  connection: KafkaConnection,
  home: Home,
  lines: readonly string[],
): Promise<Readonly<Record<string, number>>> {
  const found: Record<string, number> = {};
  for (const { log, topic } of OUTPUT_TOPICS) {
    const ids = new Set<string>();
    const readings = new Sum();
    let messages = 0;
    await eachMessage(connection, topic, ({ value }) => {
      const message = JSON.parse(value) as Message;
      messages += 1;
      ids.add(message.message_id);
      if (topic === TOPICS.measurements) readings.add(message);
    });
    const [appended] = await home.sql<{ n: number }>('SELECT sum(next_offset)::int AS n FROM stream.log_partition WHERE log = $1', [log]);
    expect({ topic, messages, different: ids.size }).toEqual({ topic, messages: appended?.n, different: appended?.n });
    if (topic === TOPICS.measurements) expectTotals(readings.totals, totalsOf(lines));
    found[topic] = messages;
  }
  return found;
}

/** Adds readings up as {@link totalsOf} does, from the messages of the public topic. */
class Sum {
  readonly #subjects = new Set<string>();
  readonly #sums = { readings: 0, heart_rate: 0, spo2: 0, resp_rate: 0, temperature: 0 };
  readonly #breaches = { spo2_lt_88: 0, temperature_ge_38: 0, heart_rate_out: 0, combination: 0 };

  add({ patient_id: patient, measurements: { freq_card: heart, spo2_pct: spo2, freq_resp: resp, temp_corp: temperature } }: Message): void {
    this.#subjects.add(patient);
    this.#sums.readings += 1;
    this.#sums.heart_rate += heart ?? 0;
    this.#sums.spo2 += spo2 ?? 0;
    this.#sums.resp_rate += resp ?? 0;
    this.#sums.temperature += temperature ?? 0;
    if (spo2 !== null && spo2 < 88) this.#breaches.spo2_lt_88 += 1;
    if (temperature !== null && temperature >= 38) this.#breaches.temperature_ge_38 += 1;
    if (heart !== null && (heart < 40 || heart > 180)) this.#breaches.heart_rate_out += 1;
    if (spo2 !== null && temperature !== null && spo2 <= 92 && temperature >= 38) this.#breaches.combination += 1;
  }

  get totals(): Totals {
    return { ...this.#sums, subjects: this.#subjects.size, ...this.#breaches };
  }
}
