/** What the tests of the kit share: folders, readings, and a server whose answers the test decides. */

import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';

import { DeviceKit } from '../src/index.ts';
import type { DeviceKitOptions, Reading } from '../src/index.ts';

const START = Date.parse('2026-11-21T08:00:00Z');

/** The nth reading of the device. */
export function reading(n: number, heartRate = 60 + (n % 60)): Reading {
  return { patient_id: 'patient-kit', timestamp: new Date(START + n * 1000).toISOString(), vitals: { heart_rate: heartRate, spo2: 97 } };
}

/** A folder that goes with the test. */
export async function folder(): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'device-kit-'));
  onTestFinished(() => rm(path, { recursive: true, force: true }));
  return path;
}

/** A kit that is closed with the test; waits are short. */
export async function openKit(options: Omit<DeviceKitOptions, 'deviceId'>): Promise<DeviceKit> {
  const kit = await DeviceKit.open({ deviceId: 'kit-1', retry: { initialMs: 1, maxMs: 5 }, ...options });
  onTestFinished(() => kit.close());
  return kit;
}

/** A request as the server got it. */
export interface Call {
  readonly key: string;
  readonly body: string;
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
}

/** Answers as the gateway does: a result for each reading. */
export function accept({ body, response }: Call, statusOf: (item: Reading) => string = () => 'accepted'): void {
  const items = JSON.parse(body) as Reading[];
  const results = items.map((item, index) => ({
    index,
    status: statusOf(item),
    ...(statusOf(item) === 'rejected' ? { reason: 'invalid' } : {}),
  }));
  response.writeHead(202, { 'content-type': 'application/json' }).end(JSON.stringify({ status: 'accepted', results }));
}

/** A server on loopback. `handlers` answer the first calls; those behind them are accepted. */
export async function serve(...handlers: ((call: Call) => void)[]): Promise<{ url: string; calls: Call[] }> {
  const calls: Call[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const call = { key: String(request.headers['idempotency-key']), body: Buffer.concat(chunks).toString(), request, response };
      calls.push(call);
      (handlers.shift() ?? accept)(call);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return { url: `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`, calls };
}

/** The readings of some calls, in order. */
export function readingsOf(calls: readonly Call[]): Reading[] {
  return calls.flatMap(({ body }) => JSON.parse(body) as Reading[]);
}
