import { createTestDatabase } from '@kidjamo/connector-postgres/testing';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';

import { Fleet } from './fleet.ts';
import { freePort, Home, kill, stop } from './kidjamo.ts';
import { Mosquitto } from './mosquitto.ts';
import { TcpProxy } from './tcp-proxy.ts';

const DEVICES = 40;

let home: Home;
let port: number;
let fleet: Fleet;
beforeEach(async () => {
  home = await Home.make();
  port = await freePort();
});
afterEach(async () => {
  await fleet.end();
  await home.remove();
});

const offline = (): Promise<{ event: string }[]> => home.sql("SELECT event_type AS event FROM device_logs WHERE event_type = 'offline'");

/** Everything sent is acknowledged and stored, once. */
async function balanced(): Promise<void> {
  await fleet.settled();
  await home.processed();
  expect(fleet.acknowledged).toBe(fleet.sent);
  expect(await fleet.stored(home)).toEqual({ rows: fleet.sent, different: fleet.sent });
}

describe('the embedded broker', () => {
  test('killed under load and started again: what was acknowledged is stored, once; a device that is cut off is offline, once', async () => {
    const env = { MQTT_MODE: 'embedded', MQTT_PORT: String(port) };
    let child = await home.up({ env });
    fleet = new Fleet({ port, devices: DEVICES, name: 'kill' });
    await fleet.connect();
    const sending = fleet.send(3000, 1000);
    await expect.poll(() => fleet.acknowledged).toBeGreaterThan(1000);
    await kill(child);
    child = await home.up({ env });
    await sending;
    await balanced();
    expect(await offline()).toEqual([]);
    await fleet.cut(0);
    await expect.poll(offline).toEqual([{ event: 'offline' }]);
    const metrics = await (await fetch(`${home.url}/metrics/prometheus`)).text();
    expect(metrics).toContain('kidjamo_mqtt_losses_total 1');
    expect(metrics).toContain('kidjamo_mqtt_unacknowledged 0');
    await stop(child);
    expect(child.exitCode).toBe(0);
  });

  test('without the database acknowledges nothing; what is sent again is stored once', async () => {
    const database = await createTestDatabase([]);
    const url = new URL(database.url);
    const proxy = await TcpProxy.to(url.hostname, Number(url.port));
    url.port = String(proxy.port);
    try {
      const env = { DATABASE_URL: url.href, MQTT_MODE: 'embedded', MQTT_PORT: String(port) };
      expect((await home.run(['migrate', '--json'], env)).code).toBe(0);
      await home.up({ env });
      fleet = new Fleet({ port, devices: DEVICES, name: 'away' });
      await fleet.connect();
      await fleet.send(100, 1000);
      await fleet.settled();
      await proxy.cut();
      await fleet.send(100, 1000);
      await expect.poll(async () => (await fetch(`${home.url}/metrics/prometheus`)).text()).toMatch(/result="unavailable"\} [1-9]/);
      expect(fleet.acknowledged).toBe(100);
      await proxy.restore();
      await balanced();
      await home.remove();
    } finally {
      await proxy.cut();
      await database.drop();
    }
  });
});

describe('an external broker', () => {
  test.each([
    ['3.1.1', 4],
    ['5', 5],
  ] as const)('MQTT %s: what is sent while we are away is stored when we come back, once', async (version, protocol) => {
    const mosquitto = await Mosquitto.start(port);
    try {
      const env = { MQTT_MODE: 'external', MQTT_URL: `mqtt://127.0.0.1:${String(port)}`, MQTT_PROTOCOL: version };
      let child = await home.up({ env });
      fleet = new Fleet({ port, devices: DEVICES, protocol, name: 'external' });
      await fleet.connect();
      await fleet.send(200, 1000);
      await expect.poll(() => fleet.stored(home)).toEqual({ rows: 200, different: 200 });
      await stop(child);
      await fleet.send(200, 1000);
      child = await home.up({ env });
      await expect.poll(() => fleet.stored(home)).toEqual({ rows: 400, different: 400 });
      await fleet.send(200, 1000);
      await kill(child);
      await home.up({ env });
      await expect.poll(() => fleet.stored(home)).toEqual({ rows: 600, different: 600 });
      await mosquitto.restart();
      await expect.poll(() => fleet.connected).toBe(DEVICES);
      await expect.poll(async () => (await fetch(`${home.url}/ready`)).status).toBe(200);
      await fleet.send(50, 1000);
      await expect.poll(() => fleet.stored(home)).toEqual({ rows: 650, different: 650 });
    } finally {
      await mosquitto.stop();
    }
  });
});
