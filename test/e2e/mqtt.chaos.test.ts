import { readFile } from 'node:fs/promises';

import { expect, test } from 'vitest';

import { Fleet } from './fleet.ts';
import { freePort, Home, kill } from './kidjamo.ts';

const DEVICES = 5000;
const RATE = 1000;
const SECONDS = 30;

test('5,000 devices, 1,000 messages a second, the gateway killed in between: what was acknowledged is stored, once', async () => {
  const home = await Home.make();
  const port = await freePort();
  const env = { MQTT_MODE: 'embedded', MQTT_PORT: String(port) };
  const fleet = new Fleet({ port, devices: DEVICES, name: 'chaos' });
  try {
    let child = await home.up({ env });
    await fleet.connect();
    const sending = fleet.send(RATE * SECONDS, RATE);
    await expect.poll(() => fleet.acknowledged, { timeout: 300_000 }).toBeGreaterThan((RATE * SECONDS) / 3);
    const before = await memoryOf(child.pid);
    await kill(child);
    child = await home.up({ env });
    await sending;
    await fleet.settled();
    await home.processed();
    console.info(
      JSON.stringify({
        devices: fleet.connected,
        sent: fleet.sent,
        acknowledged: fleet.acknowledged,
        memory_mb_before: before,
        memory_mb_after: await memoryOf(child.pid),
      }),
    );
    expect(await fleet.stored(home)).toEqual({ rows: fleet.sent, different: fleet.sent });
    expect(fleet.acknowledged).toBe(fleet.sent);
    expect(fleet.connected).toBe(DEVICES);
  } finally {
    await fleet.end();
    await home.remove();
  }
});

/** Resident memory of a process, MB. */
async function memoryOf(pid: number | undefined): Promise<number> {
  const status = await readFile(`/proc/${String(pid)}/status`, 'utf8');
  return Math.round(Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]) / 1024);
}
