import type { Log } from '@kidjamo/stream';
import { KidjamoError, systemClock } from '@kidjamo/stream';
import Fastify from 'fastify';
import type { FastifyInstance } from 'fastify';
import pg from 'pg';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';

import { registerActions } from '../../src/actions/routes.ts';
import { OPERATOR } from '../../src/read/actor.ts';
import { Hospital } from './hospital.ts';

// What cannot be kept is not answered as kept, and is done once when it is sent again.

let hospital: Hospital;
let stop: () => Promise<void>;
let doctor: string;
let alert = '';
const servers: FastifyInstance[] = [];

beforeAll(async () => {
  hospital = await Hospital.open();
  stop = hospital.work();
  doctor = await hospital.clinician('Mariama');
  const patient = await hospital.patient();
  await hospital.people.assign(OPERATOR, patient, { clinician_id: doctor, role: 'médecin_traitant' });
  await hospital.breach(patient);
  await vi.waitFor(
    async () => {
      alert = (await hospital.pool.query<{ alert_id: string }>('SELECT alert_id FROM alerts')).rows[0]?.alert_id ?? '';
      expect(alert).not.toBe('');
    },
    { timeout: 30_000 },
  );
});

afterAll(async () => {
  await Promise.all(servers.map((server) => server.close()));
  await stop();
  await hospital.close();
});

/** Acknowledges over a server on this log and store. */
async function acknowledge(log: Log, pool: pg.Pool): Promise<{ status: number; retryAfter: unknown; body: unknown }> {
  const server = Fastify({ logger: false });
  servers.push(server);
  registerActions(server, { pool, clock: systemClock, log, patience: 30_000, identification: { token: '', strict: false } });
  const url = `/api/v1/alerts/${alert}/acknowledge`;
  const answer = await server.inject({ method: 'POST', url, headers: { 'x-kidjamo-person': doctor, 'idempotency-key': 'k' } });
  return { status: answer.statusCode, retryAfter: answer.headers['retry-after'], body: JSON.parse(answer.body) };
}

/** The log, with an append that fails: before anything is kept, or after. */
function failing(log: Log, when: 'before' | 'after'): Log {
  return {
    name: log.name,
    partitions: log.partitions,
    append: async (records) => {
      if (when === 'after') await log.append(records);
      throw new KidjamoError('LOG_UNAVAILABLE', 'the log does not answer');
    },
    read: (partition, offset, max) => log.read(partition, offset, max),
    ends: () => log.ends(),
    wait: (partition, ms, signal) => log.wait(partition, ms, signal),
  };
}

const UNAVAILABLE = { status: 503, retryAfter: '2', body: { type: 'urn:kidjamo:problem:unavailable', status: 503 } };

test('with the database away', async () => {
  const away = new pg.Pool({ host: '127.0.0.1', port: 1 });
  expect(await acknowledge(hospital.log, away)).toMatchObject(UNAVAILABLE);
  await away.end();
  expect(await hospital.story(alert)).toHaveLength(1);
});

test('with the log away, before it kept the action and after', async () => {
  expect(await acknowledge(failing(hospital.log, 'before'), hospital.pool)).toMatchObject(UNAVAILABLE);
  expect(await hospital.story(alert)).toHaveLength(1);
  expect(await acknowledge(failing(hospital.log, 'after'), hospital.pool)).toMatchObject(UNAVAILABLE);
  expect(await acknowledge(hospital.log, hospital.pool)).toMatchObject({ status: 200, body: { alert_status: 'acknowledged' } });
  expect((await hospital.story(alert)).map(({ status }) => status)).toEqual(['created', 'acknowledged']);
});
