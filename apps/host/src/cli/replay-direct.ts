/** `kidjamo replay --direct`: the readings of a file straight into the log. */

import { PostgresLog, Wakeups } from '@kidjamo/connector-postgres';
import { KidjamoError, systemClock } from '@kidjamo/stream';
import { DirectImport, LOGS } from '@kidjamo/vitals';

import { patiently } from '../stack/database-away.ts';
import { recordedMode } from '../stack/input-mode.ts';
import type { Instance } from '../stack/instance.ts';
import { makePool } from '../stack/pool.ts';
import type { SendCounts } from './replay-send.ts';

/** Something that appends lines, and the means to end it. */
export interface DirectAppend {
  readonly append: (lines: readonly string[]) => Promise<void>;
  readonly close: () => Promise<void>;
}

export async function appendDirectly(instance: Instance, counts: SendCounts): Promise<DirectAppend> {
  const pool = makePool({ url: instance.databaseUrl, name: 'import', max: 6 }, () => undefined);
  if ((await recordedMode(pool)) === 'direct') {
    await pool.end();
    throw new KidjamoError(
      'CONFIG_INVALID',
      'the input of this instance is a topic of Kafka, and no log of the database: leave --direct out',
    );
  }
  const wakeups = new Wakeups('log');
  const log = await PostgresLog.open({ name: LOGS.input, pool, wakeups }, 1);
  const target = new DirectImport({ pool, log, clock: systemClock });
  return {
    append: async (lines) => {
      const rejected = await patiently(() => target.append(lines.map((line): unknown => JSON.parse(line))));
      counts.sent += lines.length;
      counts.rejected += rejected;
      counts.acknowledged += lines.length - rejected;
    },
    close: async () => {
      wakeups.close();
      await pool.end();
    },
  };
}
