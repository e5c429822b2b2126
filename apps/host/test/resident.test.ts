import { once } from 'node:events';

import { KidjamoError } from '@kidjamo/stream';
import { expect, test } from 'vitest';

import { makeLogger } from '../src/roles/logger.ts';
import { ResidentRole } from '../src/roles/resident.ts';

const logger = makeLogger('test', 'silent');

test('a role that fails, or ends by itself, is started again and counted', async () => {
  const third = Promise.withResolvers<undefined>();
  let starts = 0;
  const role = new ResidentRole(
    'notifier',
    async (signal) => {
      starts += 1;
      if (starts === 1) throw new KidjamoError('CONFORMANCE', 'broken');
      if (starts === 2) return;
      third.resolve(undefined);
      await once(signal, 'abort');
    },
    logger,
  );
  await third.promise;
  expect(role.restarts).toBe(2);
  await role.stop();
  expect(starts).toBe(3);
});

test('it is stopped while it waits for its next start, and when what it waits for is away', async () => {
  const failed = Promise.withResolvers<undefined>();
  const waiting = new ResidentRole(
    'notifier',
    () => {
      failed.resolve(undefined);
      return Promise.reject(new KidjamoError('CONFORMANCE', 'broken'));
    },
    logger,
  );
  await failed.promise;
  await waiting.stop();
  const away = new ResidentRole(
    'notifier',
    async (signal) => {
      await once(signal, 'abort');
      throw new KidjamoError('STORE_UNAVAILABLE', 'away');
    },
    logger,
  );
  await away.stop();
  expect(away.restarts).toBe(0);
});
