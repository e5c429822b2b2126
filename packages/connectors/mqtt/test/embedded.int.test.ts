import { once } from 'node:events';
import { connect as connectSocket } from 'node:net';
import type { Socket } from 'node:net';

import fc from 'fast-check';
import mqtt from 'mqtt';
import type { IClientOptions, MqttClient } from 'mqtt';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';

import type { EmbeddedBroker } from '../src/index.ts';
import { latch, startBroker, TestKeeper } from './keeper.ts';

const VITALS = 'kidjamo/v1/devices/d1/vitals';
const STATUS = 'kidjamo/v1/devices/d1/status';

let keeper: TestKeeper;
let broker: EmbeddedBroker;
let clients: MqttClient[];
beforeEach(async () => {
  keeper = new TestKeeper();
  broker = await startBroker(keeper, { maxPacket: 10_000 });
  clients = [];
});
afterEach(async () => {
  for (const client of clients) client.end(true);
  await broker.stop();
});

async function open(options: IClientOptions = {}): Promise<MqttClient> {
  const client = await mqtt.connectAsync(`mqtt://127.0.0.1:${String(broker.port)}`, {
    protocolVersion: 4,
    username: 'd1',
    reconnectPeriod: 0,
    ...options,
  });
  client.on('error', () => undefined);
  clients.push(client);
  return client;
}

/** Resolves when the connection of a client has ended. */
function ended(client: MqttClient): Promise<void> {
  return new Promise((resolve) => client.once('close', () => resolve()));
}

/** What the client is told first: the acknowledgement of a message, or the end of the connection. */
function firstOf(client: MqttClient, topic: string, qos: 0 | 1 | 2 = 1): Promise<'acknowledged' | 'closed'> {
  return new Promise((resolve) => {
    client.once('close', () => resolve('closed'));
    client.publish(topic, '{}', { qos }, (error) => {
      if (error === undefined || error === null) resolve('acknowledged');
    });
  });
}

describe('a message', () => {
  test.each([1, 2] as const)('of QoS %i is acknowledged when it is kept, and not before', async (qos) => {
    const gate = latch();
    keeper.held = gate.opened;
    const client = await open();
    let acknowledged = false;
    const sent = client.publishAsync(VITALS, '{"a":1}', { qos }).then(() => (acknowledged = true));
    await expect.poll(() => broker.unacknowledged).toBe(1);
    expect(acknowledged).toBe(false);
    expect(keeper.taken).toEqual([]);
    gate.open();
    await sent;
    expect(keeper.taken).toEqual([{ device: 'd1', channel: 'vitals', payload: Buffer.from('{"a":1}') }]);
  });

  test('is not acknowledged when it cannot be kept: the connection is closed, and what is sent again is taken', async () => {
    keeper.broken = true;
    expect(await firstOf(await open(), VITALS)).toBe('closed');
    keeper.broken = false;
    expect(await firstOf(await open(), VITALS)).toBe('acknowledged');
    expect(keeper.taken).toHaveLength(1);
    expect(keeper.results).toContain('unavailable');
  });

  test('that was refused and kept in quarantine is acknowledged', async () => {
    keeper.verdict = 'rejected';
    expect(await firstOf(await open(), VITALS)).toBe('acknowledged');
    expect(keeper.results).toEqual(['rejected']);
  });

  test('keeps the order of its connection, whatever the keeper takes', async () => {
    const client = await open();
    await Promise.all(Array.from({ length: 200 }, (_, i) => client.publishAsync(VITALS, String(i), { qos: 1 })));
    expect(keeper.taken.map(({ payload }) => payload.toString())).toEqual(Array.from({ length: 200 }, (_, i) => String(i)));
  });

  test('is given to nobody, retained or not', async () => {
    const client = await open();
    await client.publishAsync(VITALS, '{}', { qos: 1, retain: true });
    for (const filter of ['#', '+/v1/devices/+/vitals', VITALS, '$SYS/#']) {
      const granted = await client.subscribeAsync(filter, { qos: 1 }).catch((error: unknown) => error);
      expect(granted instanceof Error || (granted as { qos: number }[])[0]?.qos === 128).toBe(true);
    }
  });
});

describe('a device', () => {
  test.each(['kidjamo/v1/devices/d2/vitals', 'kidjamo/v1/devices/d1/other', 'elsewhere', '$SYS/x'])(
    'may not publish on %s',
    async (topic) => {
      expect(await firstOf(await open(), topic)).toBe('closed');
      expect(keeper.taken).toEqual([]);
      expect(keeper.results).toEqual(['refused']);
    },
  );

  test.each(['kidjamo/v1/devices/d2/status', VITALS])('may not leave its will on %s', async (topic) => {
    const refused = open({ will: { topic, payload: Buffer.from('{}'), qos: 1, retain: false } });
    await expect(refused).rejects.toMatchObject({ code: 5 });
  });

  test('with the client id of another does not take over its connection', async () => {
    const first = await open({ clientId: 'same' });
    await open({ clientId: 'same', username: 'd2' });
    expect(await firstOf(first, VITALS)).toBe('acknowledged');
  });

  test('that is cut off is offline, once, with the will that it left', async () => {
    const will = { topic: STATUS, payload: Buffer.from('{"status":"offline"}'), qos: 1 as const, retain: true };
    const client = await open({ will });
    client.stream.destroy();
    await expect.poll(() => keeper.losses).toEqual([{ device: 'd1', will: will.payload }]);
    const silent = await open();
    silent.stream.destroy();
    await expect.poll(() => keeper.losses).toEqual([{ device: 'd1', will: will.payload }, { device: 'd1' }]);
  });

  test('that says goodbye, or came back meanwhile, is not offline', async () => {
    const polite = await open({ clientId: 'x' });
    await polite.endAsync();
    const old = await open({ clientId: 'x' });
    const closed = ended(old);
    await open({ clientId: 'x' });
    await closed;
    const other = await open({ username: 'd2' });
    other.stream.destroy();
    await expect.poll(() => keeper.losses).toEqual([{ device: 'd2' }]);
    expect(broker.devices).toBe(1);
  });
});

test('MQTT 5 is refused with the return code that says so', async () => {
  await expect(open({ protocolVersion: 5 })).rejects.toMatchObject({ code: 1 });
});

test('a packet that announces too much is ended before it is gathered', async () => {
  const client = await open();
  const closed = ended(client);
  client.publish(VITALS, Buffer.alloc(20_000), { qos: 1 });
  await closed;
  expect(keeper.results).toContain('refused');
  expect(keeper.taken).toEqual([]);
});

test('what was taken is acknowledged before the broker stops', async () => {
  const gate = latch();
  keeper.held = gate.opened;
  const client = await open();
  const sent = client.publishAsync(VITALS, '{}', { qos: 1 });
  await expect.poll(() => broker.unacknowledged).toBe(1);
  const stopped = broker.stop();
  gate.open();
  await Promise.all([sent, stopped]);
  expect(keeper.losses).toEqual([]);
});

describe('noise', () => {
  const CONNECT = Buffer.from('101000044d5154540402003c0004716f6973', 'hex');

  async function say(bytes: Uint8Array): Promise<void> {
    const socket: Socket = connectSocket(broker.port, '127.0.0.1');
    socket.on('error', () => undefined);
    const closed = once(socket, 'close');
    socket.resume();
    socket.end(bytes);
    await closed;
  }

  test('on the wire never ends the broker', async () => {
    await fc.assert(
      fc.asyncProperty(fc.boolean(), fc.uint8Array({ maxLength: 300 }), async (connected, bytes) => {
        await say(connected ? Buffer.concat([CONNECT, bytes]) : bytes);
      }),
      { numRuns: 300 },
    );
    expect(await firstOf(await open(), VITALS)).toBe('acknowledged');
    expect(keeper.faults).toEqual([]);
    await expect.poll(() => broker.unacknowledged).toBe(0);
  });
});
