/** docs/reference/lake.md, from the tables and views of the lake; DuckDB itself tells the columns of the views. */
import { DuckDBInstance } from '@duckdb/node-api';
import { viewColumns } from '@kidjamo/connector-lake';
import type { LakeTable } from '@kidjamo/connector-lake';
import { LAKE_TABLES, LAKE_VIEWS } from '@kidjamo/vitals';

interface Column {
  readonly name: string;
  readonly sql: string;
}

/** What each holds. */
const MEANING: Readonly<Record<string, string>> = {
  raw_readings: 'Readings as received and normalised, those sent again and those in quarantine included (`kind` is `held` for these).',
  bronze_readings: 'Readings once each, graded and enriched. The rows are those of `measurements` in PostgreSQL.',
  bronze_panes: 'Sums of one minute of a patient and device, written when the minute closes. A vital sign that was not measured has nulls.',
  bronze_alerts: 'Alerts as they were raised, without their words.',
  bronze_device_status: 'What devices say of themselves.',
  bronze_windows: 'Windows of five minutes, one at every full minute, over `bronze_panes`: the same as `windows` in PostgreSQL.',
};

/** The document by its path. */
export async function generate(): Promise<ReadonlyMap<string, string>> {
  const views = await viewsOfLake();
  const tables = LAKE_TABLES.map((table) => ({ name: table.name, columns: viewColumns(table), table }));
  const all = [...tables, ...views.map((view) => ({ ...view, table: undefined }))];
  return new Map([
    [
      'docs/reference/lake.md',
      [
        '# Lake',
        '',
        'Written by `npm run gen` from `apps/vitals/src/pipeline/lake`. Ask with `kidjamo query --lake "SELECT ..."`: one view per table, read-only, DuckDB\u2019s SQL.',
        '',
        'Files are Parquet, in folders `<folder>/event_date=YYYY-MM-DD/`. Those that count are listed in the table `lake.file` of PostgreSQL; others in the folders are leftovers.',
        'Patients and devices appear under pseudonyms that belong to the lake. Times are UTC. `log_partition` and `log_offset` are the place of the record in its log.',
        '',
        '| View | Folder | From the log | What it holds |',
        '| --- | --- | --- | --- |',
        ...all.map(({ name, table }) => `| [\`${name}\`](#${name}) | ${folderOf(table)} | ${meaningOf(name)} |`),
        '',
        ...all.flatMap(({ name, columns }) => [`## ${name}`, '', ...columnTable(columns), '']),
      ].join('\n'),
    ],
  ]);
}

function folderOf(table: LakeTable | undefined): string {
  return table === undefined ? 'a view | ' : `\`${table.folder}\` | \`${table.log}\``;
}

function meaningOf(name: string): string {
  const meaning = MEANING[name];
  if (meaning === undefined) throw new Error(`scripts/gen-lake.ts does not say what ${name} holds`);
  return meaning;
}

function columnTable(columns: readonly Column[]): string[] {
  return ['| Column | Type |', '| --- | --- |', ...columns.map(({ name, sql }) => `| \`${name}\` | ${sql} |`)];
}

/** The views with their columns, as DuckDB sees them over empty tables. */
async function viewsOfLake(): Promise<{ name: string; columns: Column[] }[]> {
  const instance = await DuckDBInstance.create(':memory:', { threads: '1' });
  const connection = await instance.connect();
  try {
    for (const table of LAKE_TABLES) {
      await connection.run(
        `CREATE TABLE ${table.name} (${viewColumns(table)
          .map(({ name, sql }) => `${name} ${sql}`)
          .join(', ')})`,
      );
    }
    const views: { name: string; columns: Column[] }[] = [];
    for (const { name, sql } of LAKE_VIEWS) {
      await connection.run(`CREATE VIEW ${name} AS ${sql}`);
      const described = await connection.runAndReadAll(`SELECT * FROM ${name}`);
      const columns = described.columnNames().map((column, i) => ({ name: column, sql: described.columnType(i).toString() }));
      views.push({ name, columns });
    }
    return views;
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
}
