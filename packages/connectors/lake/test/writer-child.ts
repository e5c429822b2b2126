/** A process that writes to the lake until all is written, or until it is killed. Arguments: database, root, scratch, generation, total. */

import { LakeEngine, LakeSink } from '@kidjamo/connector-lake';
import pg from 'pg';

import { batch, lease, NEVER, SAMPLES, value } from './trial-lake.ts';

const [url = '', root = '', scratch = '', generation = '', total = ''] = process.argv.slice(2);
const pool = new pg.Pool({ connectionString: url });
const engine = await LakeEngine.open({ scratch, key: { id: 't1', key: Buffer.from('k'.repeat(32)) } });
const sink = new LakeSink({ table: SAMPLES, root, pool, engine });
const held = lease(Number(generation));
for (let from = await sink.open(held); from < Number(total);) {
  // Tells the parent that it is at work.
  process.stdout.write(`${from}\n`);
  const to = Math.min(Number(total), from + 50);
  await sink.write(
    batch(
      Array.from({ length: to - from }, (_, i) => value((from + i) * 60)),
      { from, lease: held },
    ),
    NEVER,
  );
  from = to;
}
await engine.close();
await pool.end();
