/** docs/reference/store.md, from the SQL of the migrations. test/house/store.int.test.ts compares it with a migrated database. */
import { readSets, STREAM_MIGRATIONS } from '@kidjamo/connector-postgres';
import { LAKE_MIGRATIONS } from '@kidjamo/connector-lake';
import { NOTIFY_MIGRATIONS } from '@kidjamo/connector-notify';
import { VITALS_MIGRATIONS } from '@kidjamo/vitals';

/** What each table and view holds. A name that is here and in no migration, or the other way round, is a fault. */
const MEANING = {
  patients: 'Patients. `external_id` is what senders call them; `provisional` ones were enrolled by a reading.',
  devices: 'Devices. `external_id` is what they call themselves.',
  device_assignments: 'Which patient a device is assigned to. Asked only where patients are not enrolled by themselves.',
  measurement_quality: 'The 14 [quality codes](quality.md).',
  measurements: 'Readings, once each, graded and enriched. Partitioned by week of `recorded_at`, made when needed.',
  alerts: 'Alerts: at most one open one per patient and rule.',
  alert_status_logs: 'What became of each alert and who did it, refused actions included. Rows are only added.',
  users: 'Whoever acts or is told: caregivers, clinicians, patients, administrators. Names and ways to reach them are not encrypted yet.',
  caregivers: 'Who looks after a patient, who of them is called first, and who may acknowledge.',
  clinicians: 'Users who are clinicians.',
  patient_clinicians: 'Which clinician is assigned to a patient, and as what.',
  on_call_shifts: 'Who is on call, for every patient. No shift at a time means everyone who is assigned.',
  patient_rule_overrides: 'What a clinician changed of the rules for one patient: why, until when, and who ended it.',
  patient_rule_override_logs: 'Each change of these that was asked for, and what came of it, refused ones included. Rows are only added.',
  window_panes: 'One minute of one patient and device: count, sum, least and greatest of each vital sign.',
  windows:
    'A view: windows of five minutes, one at every full minute, over `window_panes`. For a stretch of time ask `windows_between(patient, from, to)`.',
  device_logs: 'What devices said of themselves.',
  quarantine: 'Payloads that could not be taken as they were, encrypted, with the reason.',
  quarantine_decisions: 'Who released or discarded a payload of the quarantine, when and why.',
  idempotency_keys: 'Requests that named an Idempotency-Key.',
  notification_call: 'Steps of episodes that people were called for: who could not be reached, and what messages are written from.',
  notification:
    'Messages: one call to one recipient by one channel, and its [state](../adr/0017-notifications.md). The address is forgotten at the end.',
  notification_attempt: 'Every attempt to send a message, and what became of it.',
  notification_position: 'How far the log of calls has been taken, under which generation.',
  'stream.log': 'The logs by name.',
  'stream.log_partition': 'The end of each partition of a log, and the first offset still kept.',
  'stream.log_batch': 'The records, appended together ones in one row.',
  'stream.consumer_member': 'Workers of a consumer group that are alive.',
  'stream.consumer_lease': 'Who may work on a partition for a group, and under which generation.',
  'stream.consumer_offset': 'How far a group has come. For a task this is the point of commit.',
  'stream.task_state': 'What the task remembers, by key.',
  'stream.task_timer': 'Timers of the task that have not fired.',
  'stream.counter': 'What the task counted: see [metrics](metrics.md).',
  'stream.dead_letter': 'Records that a task or a sink could not process, with the reason.',
  'stream.dead_letter_decision': 'Who sent a dead letter again or discarded it, when and why.',
  'lake.position': 'How far a sink of the lake has come, under which generation.',
  'lake.file': 'The files of the lake. Those with `replaced_at` are no more part of it.',
  'lake.identity': 'Which key and which folder the lake was begun with.',
} as const;

/** A column as written in the SQL. */
export interface StoreColumn {
  readonly name: string;
  readonly type: string;
  readonly optional: boolean;
}

/** The document by its path. */
export async function generate(): Promise<ReadonlyMap<string, string>> {
  const relations = await readRelations();
  const meanings: ReadonlyMap<string, string> = new Map(Object.entries(MEANING));
  const odd = [...meanings.keys()]
    .filter((name) => !relations.has(name))
    .concat([...relations.keys()].filter((name) => !meanings.has(name)));
  if (odd.length > 0) throw new Error(`scripts/gen-store.ts and the migrations disagree on ${odd.join(', ')}`);
  const names = [...meanings.keys()];
  return new Map([
    [
      'docs/reference/store.md',
      [
        '# Store',
        '',
        'Written by `npm run gen` from the migrations. Ask with `kidjamo query "SELECT ..."`, which is read-only. Times are `timestamptz`; UUIDs are internal. Besides there is',
        '`schema_migrations`, which tells what was applied.',
        '',
        '| Table | What it holds |',
        '| --- | --- |',
        ...names.map((name) => `| [\`${name}\`](#${name.replace('.', '')}) | ${meanings.get(name) ?? ''} |`),
        '',
        ...names.flatMap((name) => [
          `## ${name}`,
          '',
          '| Column | Type | May be null |',
          '| --- | --- | --- |',
          ...(relations.get(name) ?? []).map((column) => `| \`${column.name}\` | ${column.type} | ${column.optional ? 'yes' : 'no'} |`),
          '',
        ]),
      ].join('\n'),
    ],
  ]);
}

const COMMENT = /--[^\n]*/g;
const TABLE = /CREATE TABLE ([\w.]+) \(/g;
const ADDED = /ALTER TABLE ([\w.]+)\s+ADD COLUMN ([^;]+);/g;
const VIEW = /CREATE VIEW (\w+) AS SELECT \* FROM (\w+)\(/g;
/** What may begin an entry that is no column. */
const CONSTRAINT = /^(PRIMARY KEY|UNIQUE|CHECK|FOREIGN KEY|CONSTRAINT|EXCLUDE)\b/;

/** Tables and views by name, without the schema where it is `public`. */
export async function readRelations(): Promise<ReadonlyMap<string, readonly StoreColumn[]>> {
  const migrations = await readSets([VITALS_MIGRATIONS, STREAM_MIGRATIONS, NOTIFY_MIGRATIONS, LAKE_MIGRATIONS]);
  const relations = new Map<string, readonly StoreColumn[]>();
  for (const { sql: text } of migrations) {
    const sql = text.replace(COMMENT, '');
    for (const found of sql.matchAll(TABLE)) relations.set(found[1] ?? '', columnsOf(entries(sql, found.index + found[0].length)));
    for (const [, table = '', added = ''] of sql.matchAll(ADDED)) {
      const columns = columnsOf(entries(added, 0).map((entry) => entry.replace(/^ADD COLUMN /, '')));
      relations.set(table, [...(relations.get(table) ?? []), ...columns]);
    }
    for (const [, view = '', from = ''] of sql.matchAll(VIEW)) {
      const begin = new RegExp(`CREATE FUNCTION ${from}\\([^)]*\\)\\s*RETURNS TABLE \\(`).exec(sql);
      if (begin === null) throw new Error(`the view ${view} is over no function of its migration`);
      const columns = columnsOf(entries(sql, begin.index + begin[0].length));
      relations.set(
        view,
        columns.map((column) => ({ ...column, optional: true })),
      );
    }
  }
  return relations;
}

/** The parts between commas from `start` to the bracket that closes the one before it. */
function entries(sql: string, start: number): string[] {
  const parts = [''];
  let depth = 0;
  for (const character of sql.slice(start)) {
    if (character === ')' && depth === 0) break;
    if (character === '(') depth += 1;
    if (character === ')') depth -= 1;
    if (character === ',' && depth === 0) parts.push('');
    else parts.push(`${parts.pop() ?? ''}${character}`);
  }
  return parts.map((part) => part.trim().replaceAll(/\s+/g, ' '));
}

function columnsOf(parts: readonly string[]): StoreColumn[] {
  const primary = parts.flatMap((part) => /^PRIMARY KEY \((?<names>[^)]*)\)/.exec(part)?.groups?.['names']?.split(', ') ?? []);
  return parts
    .filter((part) => !CONSTRAINT.test(part))
    .map((part) => {
      const [, name = '', type = '', rest = ''] =
        /^(\w+) (.+?)(?: (NOT NULL|PRIMARY|UNIQUE|CHECK|DEFAULT|REFERENCES|GENERATED)\b.*)?$/.exec(part) ?? [];
      const optional = rest === '' || !/NOT NULL|PRIMARY KEY|GENERATED/.test(part.slice(name.length + type.length));
      return { name, type, optional: optional && !primary.includes(name) };
    });
}
