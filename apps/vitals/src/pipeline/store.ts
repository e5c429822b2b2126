/** Writes the rows of the vitals task inside its commit, and looks its idempotency keys up. */

import { copyInto, packRows, sqlState, upsertInto } from '@kidjamo/connector-postgres';
import type { CopyBlock, RowWriter } from '@kidjamo/connector-postgres';
import type { IdempotencyKey, KnownKey } from '@kidjamo/stream';
import { KidjamoError } from '@kidjamo/stream';
import type { Pool, PoolClient } from 'pg';

import type { Cipher } from '../contracts/cipher.ts';
import { TABLES } from '../contracts/rows.ts';
import { ALERT_TIMES, changeAlerts, withTimes } from './alert-changes.ts';
import { MeasurementPartitions, weekBounds, weekOf } from './partitions.ts';
import { MEASUREMENTS, WINDOW_PANES } from './tables.ts';

/** Rows of tables with few writes, sent as one JSON document. Members that are times come as ms and are turned to ISO text. */
interface SmallTable {
  readonly key: string;
  /** Columns replaced when the row exists; none means that the first row stays. */
  readonly replaced: readonly string[];
  readonly times: readonly string[];
}

const SMALL_TABLES: Readonly<Record<string, SmallTable>> = {
  alerts: {
    key: 'alert_id',
    replaced: [
      ...['breach_count', 'first_seen_at', 'last_seen_at', 'updated_at', 'vitals_snapshot', 'trigger_conditions', 'tags'],
      ...[
        'status',
        'severity',
        'uncertain',
        'resolved_at',
        'auto_resolved',
        'acknowledged_at',
        'acknowledged_by',
        'snoozed_until',
        'resolved_by',
        'escalation_level',
        'ack_deadline',
      ],
    ],
    times: ALERT_TIMES,
  },
  alert_status_logs: { key: 'log_id', replaced: [], times: ['changed_at'] },
  patient_rule_overrides: {
    key: 'override_id',
    replaced: ['revoked_at', 'revoked_by', 'revoke_reason'],
    times: ['starts_at', 'expires_at', 'created_at', 'revoked_at'],
  },
  patient_rule_override_logs: { key: 'change_id', replaced: [], times: ['changed_at'] },
  device_logs: { key: 'message_id', replaced: [], times: ['recorded_at', 'received_at'] },
  quarantine: { key: 'quarantine_id', replaced: [], times: ['received_at'] },
};

/** Measurements in the form of a COPY, and the weeks that they are of. */
class MeasurementBlock {
  readonly block: CopyBlock;
  readonly weeks: ReadonlySet<number>;

  constructor(block: CopyBlock, weeks: ReadonlySet<number>) {
    this.block = block;
    this.weeks = weeks;
  }
}

/** The row writer of the vitals application. */
export class VitalsStore implements RowWriter {
  readonly #partitions = new MeasurementPartitions();
  readonly #cipher: Cipher;

  /** `cipher` encrypts payloads that go to the quarantine. */
  constructor(cipher: Cipher) {
    this.#cipher = cipher;
  }

  pack(rows: ReadonlyMap<string, readonly object[]>): ReadonlyMap<string, readonly object[]> {
    const measurements = rows.get(TABLES.measurements);
    if (measurements === undefined) return rows;
    const weeks = new Set<number>();
    for (const row of measurements) if ('recorded_at' in row) weeks.add(weekOf(Number(row.recorded_at)));
    return new Map(rows).set(TABLES.measurements, [new MeasurementBlock(packRows(MEASUREMENTS, measurements), weeks)]);
  }

  async prepare(pool: Pool, rows: ReadonlyMap<string, readonly object[]>): Promise<void> {
    const weeks = new Set(measurementBlocks(rows.get(TABLES.measurements)).flatMap((block) => [...block.weeks]));
    await this.#partitions.ensure(pool, weeks);
  }

  async write(client: PoolClient, rows: ReadonlyMap<string, readonly object[]>): Promise<void> {
    for (const [table, list] of rows) {
      if (table === TABLES.measurements)
        await copyInto(
          client,
          MEASUREMENTS,
          measurementBlocks(list).map(({ block }) => block),
        );
      else if (table === TABLES.panes) await writePanes(client, list);
      else if (table === 'quarantine')
        await this.#small(
          client,
          table,
          list.map((row) => this.#sealed(row)),
        );
      else if (table === 'patients') await writePatients(client, list);
      else if (table === TABLES.alerts) await this.#small(client, table, await changeAlerts(client, list));
      else await this.#small(client, table, list);
    }
  }

  async known(pool: Pool, keys: readonly IdempotencyKey[]): Promise<ReadonlyMap<string, KnownKey>> {
    const found = new Map<string, KnownKey>();
    const note = (rows: readonly { id: string; digest: string }[]): void => {
      for (const { id, digest } of rows) found.set(id, { digest });
    };
    const groups = Map.groupBy(keys, ({ scope, at }) => (scope === TABLES.measurements ? weekOf(at) : scope));
    for (const [group, members] of groups) {
      const { rows } = await pool.query<{ id: string; digest: string }>(lookUp(group), [members.map(({ id }) => id).join(',')]);
      note(rows);
    }
    return found;
  }

  /** Replaces the plain payload of a quarantine row by its ciphertext. */
  #sealed(row: object): object {
    if (!('plain' in row) || typeof row.plain !== 'string') throw new KidjamoError('INPUT_INVALID', 'a row for quarantine has no payload');
    const { plain, ...rest } = row;
    const sealed = this.#cipher.seal(Buffer.from(plain));
    return { ...rest, key_id: sealed.keyId, payload: `\\x${sealed.data.toString('hex')}` };
  }

  async #small(client: PoolClient, table: string, list: readonly object[]): Promise<void> {
    const shape = SMALL_TABLES[table];
    if (shape === undefined) throw new KidjamoError('INPUT_INVALID', `the task emits rows for ${table}, which no writer knows`);
    if (list.length === 0) return;
    const rows = last(list, (row) => String((row as Record<string, unknown>)[shape.key])).map((row) => withTimes(row, shape.times));
    const columns = [...new Set(rows.flatMap((row) => Object.keys(row)))];
    const updates = shape.replaced.filter((column) => columns.includes(column)).map((column) => `${column} = excluded.${column}`);
    await client.query(
      `INSERT INTO ${table} (${columns.join(', ')})
       SELECT ${columns.join(', ')} FROM jsonb_populate_recordset(NULL::${table}, $1)
       ON CONFLICT (${shape.key}) DO ${updates.length === 0 ? 'NOTHING' : `UPDATE SET ${updates.join(', ')}`}`,
      [JSON.stringify(rows)],
    );
  }
}

/** What {@link VitalsStore.pack} made: the task store packs whatever it is given before it writes it. */
function measurementBlocks(list: readonly object[] = []): readonly MeasurementBlock[] {
  const blocks = list.filter((row) => row instanceof MeasurementBlock);
  if (blocks.length < list.length) throw new KidjamoError('STORE_REJECTED', 'measurements were not packed before they were written');
  return blocks;
}

/** The query that finds the digests stored under ids: of readings of one week, or of another table. */
function lookUp(group: number | string): string {
  const ids = `ANY (string_to_array($1, ',')::uuid[])`;
  if (typeof group === 'number') {
    // The bounds are literals so that the planner sees which one partition can match.
    const { from, to } = weekBounds(group);
    return `SELECT message_id AS id, digest FROM measurements WHERE recorded_at >= '${from}' AND recorded_at < '${to}' AND message_id = ${ids}`;
  }
  if (group === TABLES.deviceLogs) return `SELECT message_id AS id, digest FROM device_logs WHERE message_id = ${ids}`;
  if (group === TABLES.alertLogs) return `SELECT action_id AS id, digest FROM alert_status_logs WHERE action_id = ${ids}`;
  if (group === TABLES.overrideLogs) return `SELECT change_id AS id, digest FROM patient_rule_override_logs WHERE change_id = ${ids}`;
  if (group === TABLES.alerts) return `SELECT alert_id AS id, digest FROM alerts WHERE digest IS NOT NULL AND alert_id = ${ids}`;
  throw new KidjamoError('INPUT_INVALID', `the task asks for idempotency keys of ${group}, which no table keeps`);
}

/** Reference data given by a person; the row itself was made when the patient was enrolled. */
async function writePatients(client: PoolClient, list: readonly object[]): Promise<void> {
  for (const row of list) {
    const { patient_id: id, ...changes } = row as Record<string, unknown>;
    const names = Object.keys(changes).filter((name) => name === 'genotype' || name === 'birth_date');
    const sets = names.map((name, index) => `${name} = $${String(index + 2)}`);
    await client.query(`UPDATE patients SET ${[...sets, 'updated_at = now()'].join(', ')} WHERE patient_id = $1`, [
      id,
      ...names.map((name) => changes[name]),
    ]);
  }
}

/**
 * Panes that this batch began are new rows, which plain COPY writes at half the cost of an upsert; the others are replaced. Should a row be
 * there all the same (the state of a device was removed by hand, say), all of them are replaced.
 */
async function writePanes(client: PoolClient, list: readonly object[]): Promise<void> {
  const fresh = new Map<string, object>();
  const known = new Map<string, object>();
  for (const row of list) {
    const key = paneKey(row);
    if (fresh.has(key) || ('begun' in row && row.begun === true)) fresh.set(key, row);
    else known.set(key, row);
  }
  const begun = [...fresh.values()];
  const copied = begun.length > 0 && (await copyUnlessThere(client, begun));
  await upsertInto(client, WINDOW_PANES, copied ? [...known.values()] : [...known.values(), ...begun]);
}

/** SQLSTATE of a row whose key is there already. */
const UNIQUE_VIOLATION = '23505';

async function copyUnlessThere(client: PoolClient, rows: readonly object[]): Promise<boolean> {
  await client.query('SAVEPOINT panes');
  try {
    await copyInto(client, WINDOW_PANES, rows);
  } catch (error) {
    if (sqlState(error) !== UNIQUE_VIOLATION) throw error;
    await client.query('ROLLBACK TO SAVEPOINT panes');
    return false;
  }
  await client.query('RELEASE SAVEPOINT panes');
  return true;
}

/** The last row of each key, since a statement may touch a row once only. */
function last(rows: readonly object[], keyOf: (row: object) => string): object[] {
  const byKey = new Map<string, object>();
  for (const row of rows) byKey.set(keyOf(row), row);
  return [...byKey.values()];
}

function paneKey(row: object): string {
  const pane = row as { patient_id: string; device_id: string; minute: number };
  return `${pane.patient_id}/${pane.device_id}/${String(pane.minute)}`;
}
