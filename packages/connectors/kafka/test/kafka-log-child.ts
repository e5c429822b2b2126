/** A process that opens a log, uses it, waits on it, closes it, and then has nothing left to do. */
import { systemClock } from '@kidjamo/stream';

import { KafkaLog } from '../src/kafka-log.ts';
import type { KafkaConnection } from '../src/connection.ts';

const on = JSON.parse(process.argv[2] ?? '{}') as { connection: KafkaConnection; topic: string };
const log = await KafkaLog.open({ ...on, clock: systemClock });
await log.append([{ partition: 0, key: 'k', value: 'x' }]);
const read = await log.read(0, 0, 10);
const waited = log.wait(0, 600_000, new AbortController().signal);
const late = log.append([{ partition: 0, key: 'k', value: 'y' }]).then(
  () => 'kept',
  () => 'refused',
);
await log.close();
await waited;
process.stdout.write(`${read.length} ${await late}`);
