import { once } from 'node:events';
import { createServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import { Aedes } from 'aedes';
import { expect, onTestFinished, test } from 'vitest';

import type { Reading } from '../src/index.ts';
import { mqttTransport } from '../src/transport/mqtt.ts';
import { folder, openKit, reading } from './fixture.ts';

/** A broker that acknowledges a publication when `keep` resolves. */
async function broker(
  keep: (
    packet: { readonly topic: string; readonly qos: number; readonly payload: string | Buffer },
    sockets: ReadonlySet<Socket>,
  ) => Promise<void>,
): Promise<string> {
  const sockets = new Set<Socket>();
  const aedes = await Aedes.createBroker({
    authorizePublish: (_client, packet, done) => {
      keep(packet, sockets).then(
        () => done(null),
        (error: unknown) => done(error instanceof Error ? error : new Error('not kept')),
      );
    },
  });
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.once('close', () => sockets.delete(socket));
    aedes.handle(socket);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
    aedes.close();
  });
  return `mqtt://127.0.0.1:${String((server.address() as AddressInfo).port)}`;
}

test('PUBACK is the delivery, and after a connection lost before it the same bytes come again', async () => {
  const got: { topic: string; qos: number; payload: string }[] = [];
  const url = await broker(async ({ topic, qos, payload }, sockets) => {
    got.push({ topic, qos, payload: payload.toString() });
    if (got.length > 1) return;
    for (const socket of sockets) socket.destroy();
    throw new Error('gone before it was kept');
  });
  const kit = await openKit({ folder: await folder(), transport: mqttTransport({ url, deviceId: 'kit-1' }) });
  const retried = once(kit, 'retry');
  await kit.record(reading(0));
  await kit.record(reading(1));
  await kit.flush();
  await retried;
  expect(got.map(({ topic, qos }) => [topic, qos])).toEqual(Array.from({ length: 2 }, () => ['kidjamo/v1/devices/kit-1/vitals', 1]));
  expect(got[1]?.payload).toBe(got[0]?.payload);
  expect((JSON.parse(got[0]?.payload ?? '') as Reading[]).length).toBe(kit.status().delivered);
  await kit.record(reading(2));
  await kit.flush();
  expect(kit.status()).toMatchObject({ pending: 0, delivered: got.flatMap(({ payload }) => JSON.parse(payload) as Reading[]).length - 2 });
});

test('a lost connection leaves the will, an orderly end does not', async () => {
  const wills: string[] = [];
  let lost: (() => void) | undefined;
  const gone = new Promise<void>((resolve) => (lost = resolve));
  const url = await broker(async ({ topic, payload }, sockets) => {
    if (topic.endsWith('/status')) {
      wills.push(payload.toString());
      lost?.();
      return;
    }
    if (payload.toString().includes('lose')) for (const socket of sockets) socket.destroy();
  });
  const orderly = await openKit({ folder: await folder(), transport: mqttTransport({ url, deviceId: 'kit-1', will: 'orderly' }) });
  await orderly.record(reading(0));
  await orderly.flush();
  await orderly.close();
  const kit = await openKit({
    folder: await folder(),
    transport: mqttTransport({ url, deviceId: 'kit-1', will: 'lost' }),
    retry: { initialMs: 60_000 },
  });
  await kit.record({ ...reading(0), note: 'lose' });
  kit.flush().catch(() => undefined);
  await gone;
  expect(wills).toEqual(['lost']);
});

test('a device id that would leave its topic is refused', () => {
  for (const deviceId of ['a/b', '+', '#', '']) expect(() => mqttTransport({ url: 'mqtt://127.0.0.1', deviceId })).toThrow(RangeError);
});
