/** Structured logs on standard error. Lines hold no identity: partitions, groups and codes only. */

import { hasCode, KidjamoError } from '@kidjamo/stream';
import type { RuntimeObserver } from '@kidjamo/stream';
import { pino } from 'pino';

export type RoleLogger = ReturnType<typeof makeLogger>;

/** What is told of an error: its name, code and our own message. Messages of other libraries may quote data, so only their code is told. */
export function describeError(error: unknown): { name: string; code: string; message?: string } {
  if (error instanceof KidjamoError) return { name: error.name, code: error.code, message: error.message };
  if (error instanceof Error) return { name: error.name, code: 'code' in error ? String(error.code) : 'none' };
  return { name: typeof error, code: 'none' };
}

export function makeLogger(role: string, level: string): ReturnType<typeof pino> {
  return pino({ level, base: { role }, serializers: { err: describeError } }, pino.destination({ fd: 2, sync: true }));
}

/** Tells the logger what a runtime has to say. */
export function loggingObserver(logger: RoleLogger): RuntimeObserver {
  return {
    committed: () => undefined,
    failed: (lease, error) => {
      const what = hasCode(error, 'FENCED')
        ? 'a younger owner has the partition: it goes on from what was committed'
        : 'an attempt failed; trying again';
      logger.warn({ group: lease.group, log: lease.log, partition: lease.partition, err: error }, what);
    },
    assigned: (group, partitions) => {
      logger.info({ group, partitions }, 'partitions assigned');
    },
  };
}
