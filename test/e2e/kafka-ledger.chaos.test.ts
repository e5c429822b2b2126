import { join } from 'node:path';
import type { KafkaConnection } from '@kidjamo/connector-kafka';
import { describeKafkaCluster } from '@kidjamo/connector-kafka/testing';
import { TOPICS } from '@kidjamo/vitals';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { Chaos, planFaults, type Done } from './kafka-faults.ts';
import { expectSameFingerprint, fingerprint, type Fingerprint } from './kafka-fingerprint.ts';
import { countInput, expectOutputs, removeTopics } from './kafka-topics.ts';
import { Home, type Environment } from './kidjamo.ts';
import { expectTotals, repeatLines, totalsOf, totalsSql, writeLines, type ReplaySummary, type Totals } from './recording.ts';

/*
 * The ledger under faults: everything that a gateway acknowledges comes out of Kafka and three workers once, whatever is killed or stopped
 * on the way, and comes to what the embedded run makes of it.
 *
 *   KIDJAMO_SEED=<seed>                the same faults in the same order again
 *   KIDJAMO_LEDGER_READINGS=1000000    the full size, in mode direct: KIDJAMO_LEDGER_READINGS=1000000 npm run chaos -- kafka-ledger
 *   KIDJAMO_LEDGER_MODES=direct,outbox which modes, at any size
 */
const READINGS = Number(process.env['KIDJAMO_LEDGER_READINGS'] ?? 30_000);
const SEED = Number(process.env['KIDJAMO_SEED'] ?? 20_261_121);
const MODES = (process.env['KIDJAMO_LEDGER_MODES'] ?? (READINGS > 200_000 ? 'direct' : 'direct,outbox')).split(',');
/** Each round has every fault once. */
const READINGS_PER_ROUND = 250_000;
const ROUNDS = Math.max(1, Math.round(READINGS / READINGS_PER_ROUND));
const TIMEOUT = 300_000 + READINGS * 5;
const LAKE = { KIDJAMO_LAKE_DELAY_MS: '2000' } as const;

describeKafkaCluster('Kidjamo on three brokers, with three workers', { brokers: 3 }, (cluster) => {
  let recorded: { readonly header: string; readonly lines: readonly string[] };
  let wanted: Fingerprint;
  const homes: Home[] = [];

  const connection = (): KafkaConnection => ({ servers: cluster().servers, clientId: 'test' });

  async function makeHome(env: Environment): Promise<Home> {
    const home = await Home.make({ ...LAKE, ...env });
    homes.push(home);
    return home;
  }

  /** Sends some lines as an import, and gives the sender's own count of acknowledgements. */
  async function send(home: Home, part: { name: string; lines: readonly string[]; wait: boolean }): Promise<number> {
    const file = join(home.path, part.name);
    await writeLines(file, recorded.header, part.lines);
    const command = ['replay', file, ...(part.wait ? [] : ['--no-wait'])];
    const { acknowledged, rejected } = await home.json<ReplaySummary & { rejected: number }>(command);
    expect(rejected, 'readings refused').toBe(0);
    return acknowledged;
  }

  beforeAll(async () => {
    recorded = await repeatLines(READINGS);
    const embedded = await makeHome({});
    await embedded.up();
    expect(await send(embedded, { name: 'all.csv', lines: recorded.lines, wait: true })).toBe(READINGS);
    wanted = await fingerprint(embedded);
    await embedded.remove();
  }, TIMEOUT);
  afterEach(async () => {
    await Promise.all(homes.splice(0).map((home) => home.remove()));
    await removeTopics(connection());
  }, 120_000);
  afterAll(async () => {
    await Promise.all(homes.map((home) => home.remove()));
  });

  test.for(MODES)('%s: workers, a broker and the database fail while readings come in', { timeout: TIMEOUT }, async (mode) => {
    const home = await makeHome({
      KAFKA_SERVERS: cluster().servers,
      KAFKA_REPLICATION: '3',
      KIDJAMO_GATEWAY_MODE: mode,
      KIDJAMO_LEASE_MS: '2000',
    });
    const gateway = { API_PORT: String(home.port), API_PORT_AUTOFALLBACK: 'false' };
    expect((await home.run(['topics', 'apply', '--json'])).code).toBe(0);
    home.start(['gateway', '--json'], gateway);
    await expect.poll(() => isReady(`${home.url}/health`), { timeout: 90_000 }).toBe(true);
    const chaos = await Chaos.start({ home, cluster: cluster(), seed: SEED, env: {} });

    const began = performance.now();
    const faults = planFaults(ROUNDS, chaos.random);
    const share = Math.ceil(READINGS / faults.length);
    const done: Done[] = [];
    let acknowledged = 0;
    for (const [n, fault] of faults.entries()) {
      const before = await chaos.appended();
      // The last one waits until all of it is processed.
      const wait = n === faults.length - 1;
      const lines = recorded.lines.slice(n * share, (n + 1) * share);
      const sent = send(home, { name: `part-${String(n)}.csv`, lines, wait });
      // It is awaited below; a fault that fails first is what the test is to tell.
      sent.catch(() => undefined);
      done.push(await chaos.inflict(fault, before));
      acknowledged += await sent;
      console.info(JSON.stringify({ mode, at: Math.round((performance.now() - began) / 1000), acknowledged, ...done.at(-1) }));
    }
    await chaos.working();
    const seconds = Math.round((performance.now() - began) / 1000);
    const told = `seed ${String(SEED)}: ${JSON.stringify(done)}`;

    expect(acknowledged, told).toBe(READINGS);
    const totals = totalsOf(recorded.lines);
    expectTotals((await home.store<Totals>(totalsSql('measurements')))[0], totals);
    expectSameFingerprint(await fingerprint(home), wanted);

    // Everything that was appended was stored, or was a reading that the sender had to send again.
    const [counted] = await home.store<{ stored: number; duplicate: number }>(
      `SELECT coalesce(sum(value) FILTER (WHERE name = 'stored'), 0) AS stored, coalesce(sum(value) FILTER (WHERE name = 'duplicate'), 0) AS duplicate
         FROM stream.counter WHERE consumer_group = 'vitals'`,
    );
    const input = await countInput(connection());
    expect(counted, told).toEqual({ stored: READINGS, duplicate: input - READINGS });
    expect(await home.store('SELECT (SELECT count(*) FROM stream.dead_letter) + (SELECT count(*) FROM quarantine) AS n')).toEqual([
      { n: 0 },
    ]);

    expectTotals((await home.lake<Totals>(totalsSql('bronze_readings')))[0], totals);
    const outputs = await expectOutputs(connection(), home, recorded.lines);
    const panes = await home.store<{ n: number }>(`SELECT sum(next_offset) AS n FROM stream.log_partition WHERE log = 'vitals-panes'`);
    const [lake] = await home.lake<Readonly<Record<string, number>>>(
      `SELECT (SELECT count(*) FROM raw_readings) AS raw, (SELECT count(DISTINCT message_id) FROM raw_readings) AS raw_different,
              (SELECT count(DISTINCT message_id) FROM bronze_readings) AS readings,
              (SELECT count(*) FROM bronze_alerts) AS alerts, (SELECT count(DISTINCT alert_id) FROM bronze_alerts) AS alerts_different,
              (SELECT count(*) FROM bronze_panes) AS panes,
              (SELECT count(*) FROM (SELECT DISTINCT patient_pseudonym, device_pseudonym, minute FROM bronze_panes)) AS panes_different`,
    );
    expect(lake, told).toEqual({
      raw: input,
      raw_different: READINGS,
      readings: READINGS,
      alerts: outputs[TOPICS.alerts],
      alerts_different: outputs[TOPICS.alerts],
      panes: panes[0]?.n,
      panes_different: panes[0]?.n,
    });
    console.info(
      JSON.stringify({
        mode,
        seed: SEED,
        readings: READINGS,
        acknowledged,
        seconds,
        faults: done,
        stored: counted,
        outputs,
        lake,
        errors: chaos.errors,
      }),
    );
    await chaos.close();
  });
});

async function isReady(url: string): Promise<boolean> {
  return fetch(url).then(
    (response) => response.ok,
    () => false,
  );
}
