/** Takes in what others put on `kidjamo-iot-measurements`. */

import { KafkaLog } from '@kidjamo/connector-kafka';
import { DeadLetterStore } from '@kidjamo/connector-postgres';
import { systemClock } from '@kidjamo/stream';
import type { Log } from '@kidjamo/stream';
import { BodyDoor, LOGS, TOPICS } from '@kidjamo/vitals';

import { DiskGuard } from '../stack/disk-guard.ts';
import { binaryKey, FOREIGN_GROUP } from './context.ts';
import type { RoleSettings } from './context.ts';
import { FOREIGN_CODEC, ForeignSink } from './foreign-sink.ts';
import { openKafkaInput, untilThere } from './kafka-input.ts';
import { loggingObserver, makeLogger } from './logger.ts';
import type { Meter } from './meter.ts';
import { kafkaMembership } from './kafka-membership.ts';
import { openStored } from './plumbing.ts';
import { runSinkGroup } from './sink-group.ts';

/** Runs until `signal` aborts. Nothing to do without Kafka. */
export async function runForeignRole(settings: RoleSettings, meter: Meter, signal: AbortSignal): Promise<void> {
  const { kafka } = settings;
  if (kafka === undefined) return;
  const logger = makeLogger('foreign', settings.logLevel);
  const plumbing = await openStored(settings, { name: 'foreign', connections: 6 }, logger);
  const { pool } = plumbing;
  const disk = new DiskGuard(settings.scratch, settings.diskReserve);
  const opened: KafkaLog[] = [];
  const ended = new AbortController();
  void disk.watch(AbortSignal.any([signal, ended.signal]));
  const keep = async (open: () => Promise<KafkaLog>): Promise<KafkaLog> => {
    const log = await untilThere(open, logger, signal);
    opened.push(log);
    return log;
  };
  const { connection, onDataLoss, startingOffsets } = kafka;
  const topic = TOPICS.measurements;
  try {
    const log = await keep(() =>
      KafkaLog.open({
        connection,
        topic,
        clock: systemClock,
        codec: FOREIGN_CODEC,
        onDataLoss,
        onLost: (lost) => logger.error(lost, 'Kafka had removed messages before they were looked at; it goes on after them'),
      }),
    );
    const input: Log =
      kafka.mode === 'direct'
        ? await keep(() => openKafkaInput({ ...settings, kafka }, {}, logger))
        : await plumbing.guarded(LOGS.input, disk.admit);
    const keys = { quarantine: binaryKey(settings.keys.quarantine) };
    const door = new BodyDoor({ log: input, pool, clock: systemClock, keys, autoEnroll: settings.autoEnroll });
    const sink = new ForeignSink({ pool, door, onTaken: (status) => meter.countForeign(status) });
    const around = {
      meter,
      observer: meter.watchGroups(loggingObserver(logger)),
      deadLetters: new DeadLetterStore(pool),
      flush: { requests: 0 },
      heartbeatEvery: settings.leaseMs / 5,
      pollEvery: 250,
    };
    const membership = kafkaMembership({ ...settings, kafka }, pool, { topic, group: FOREIGN_GROUP, startingOffsets });
    await runSinkGroup(around, { sink, log, membership }, signal);
  } finally {
    ended.abort();
    for (const log of opened) await log.close();
    await plumbing.close();
  }
}
