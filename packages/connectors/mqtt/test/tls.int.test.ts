import { execFileSync } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import mqtt from 'mqtt';
import type { MqttClient } from 'mqtt';
import { afterAll, beforeAll, expect, test } from 'vitest';

import type { BrokerTls, EmbeddedBroker } from '../src/index.ts';
import { startBroker, TestKeeper } from './keeper.ts';

// Only devices with a certificate of the authority are let in, and each as itself.

let folder: string;
let broker: EmbeddedBroker;
const keeper = new TestKeeper();
const clients: MqttClient[] = [];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'kidjamo-tls-'));
  authority('ca');
  certificate('server', 'localhost', 'ca');
  certificate('d1', 'd1', 'ca');
  authority('stranger');
  certificate('false-d1', 'd1', 'stranger');
  broker = await startBroker(keeper, { tls: await tlsOf('server') });
});
afterAll(async () => {
  for (const client of clients) client.end(true);
  await broker.stop();
  await rm(folder, { recursive: true, force: true });
});

function openssl(...args: string[]): void {
  execFileSync('openssl', args, { cwd: folder, stdio: 'ignore' });
}

const NEW_KEY = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];

function authority(name: string): void {
  openssl('req', '-x509', ...NEW_KEY, '-keyout', `${name}.key`, '-out', `${name}.crt`, '-days', '2', '-subj', `/CN=${name}`);
}

function certificate(name: string, subject: string, issuer: string): void {
  openssl('req', ...NEW_KEY, '-keyout', `${name}.key`, '-out', `${name}.csr`, '-subj', `/CN=${subject}`);
  const by = ['-CA', `${issuer}.crt`, '-CAkey', `${issuer}.key`, '-CAcreateserial'];
  openssl('x509', '-req', '-in', `${name}.csr`, ...by, '-out', `${name}.crt`, '-days', '2');
}

async function tlsOf(name: string): Promise<BrokerTls> {
  const read = (file: string): Promise<string> => readFile(join(folder, file), 'utf8');
  return { cert: await read(`${name}.crt`), key: await read(`${name}.key`), ca: await read('ca.crt') };
}

/** Connects with the certificate of this name, or with none. */
async function open(name: string | undefined, username?: string): Promise<MqttClient> {
  const { ca, ...own } = await tlsOf(name ?? 'd1');
  const client = mqtt.connect(`mqtts://localhost:${String(broker.port)}`, {
    protocolVersion: 4,
    reconnectPeriod: 0,
    ca,
    ...(name === undefined ? {} : own),
    ...(username === undefined ? {} : { username }),
  });
  clients.push(client);
  return client;
}

/** What becomes of a connection first. With TLS 1.3 a client learns only after its handshake that it is not let in. */
function fate(client: MqttClient): Promise<'connected' | 'refused'> {
  return new Promise((resolve) => {
    client.on('connect', () => resolve('connected'));
    client.on('close', () => resolve('refused'));
    client.on('error', () => resolve('refused'));
  });
}

test('the common name of the certificate is the device', async () => {
  const client = await open('d1');
  expect(await fate(client)).toBe('connected');
  await client.publishAsync('kidjamo/v1/devices/d1/vitals', '{}', { qos: 1 });
  expect(keeper.taken.map(({ device }) => device)).toEqual(['d1']);
  const closed = new Promise((resolve) => client.once('close', () => resolve(undefined)));
  client.publish('kidjamo/v1/devices/d2/vitals', '{}', { qos: 1 });
  await closed;
  expect(keeper.taken).toHaveLength(1);
});

test('another user name, no certificate and a certificate of a stranger are refused', async () => {
  expect(await fate(await open('d1', 'd2'))).toBe('refused');
  expect(await fate(await open(undefined))).toBe('refused');
  expect(await fate(await open('false-d1'))).toBe('refused');
  expect(broker.devices).toBe(0);
});
