import { once } from 'node:events';
import { request, type IncomingMessage } from 'node:http';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Home, stop } from './kidjamo.ts';
import { Ledger } from './ledger.ts';

// SIGTERM while requests are under way.

let home: Home;

beforeAll(async () => {
  home = await Home.make();
});

afterAll(async () => {
  await home.remove();
});

/** A request that the gateway has begun to read, and the means to send the rest of it. */
async function openRequest(body: object): Promise<{ finish: () => Promise<{ status: number; body: { message_id: string } }> }> {
  const sending = request(`${home.url}/ingest`, {
    method: 'POST',
    agent: false,
    headers: { 'content-type': 'application/json', expect: '100-continue' },
  });
  sending.flushHeaders();
  // Told when the server hands the request to the gateway: from then on it counts as under way.
  await once(sending, 'continue');
  return {
    finish: async () => {
      const answered = once(sending, 'response') as Promise<[IncomingMessage]>;
      sending.end(JSON.stringify(body));
      const [answer] = await answered;
      return { status: answer.statusCode ?? 0, body: JSON.parse(await text(answer)) as { message_id: string } };
    },
  };
}

test('what is under way is answered, the process ends with 0, and a restart finds everything', { timeout: 300_000 }, async () => {
  const first = await home.up();
  const ledger = new Ledger({ urls: [home.url], lanes: 8, name: 'stream' });
  await ledger.more(200);
  const open = await Promise.all(
    Array.from({ length: 20 }, (_, n) =>
      openRequest({ patient_id: 'open', device_id: 'open', timestamp: new Date(Date.now() - n * 1000).toISOString(), freq_card: 80 }),
    ),
  );
  const exited = once(first, 'exit') as Promise<[number | null, string | null]>;
  first.kill('SIGTERM');
  // It drains now: newcomers are sent away, as long as it listens at all, and those under way are waited for.
  await ledger.moreRefused(1);
  expect((await fetch(`${home.url}/ready`)).status).toBe(503);
  expect((await fetch(`${home.url}/health`)).status).toBe(200);
  const answers = await Promise.all(open.map(({ finish }) => finish()));
  expect(answers.map(({ status }) => status)).toEqual(open.map(() => 200));
  expect(await exited).toEqual([0, null]);
  await ledger.abandon();
  ledger.checkRefusals();

  const second = await home.up();
  await ledger.check(home, false);
  const ids = answers.map(({ body }) => body.message_id);
  expect(await home.sql('SELECT count(*)::int AS n FROM measurements WHERE message_id = ANY ($1::uuid[])', [ids])).toEqual([{ n: 20 }]);
  await stop(second);
  expect([second.exitCode, second.signalCode]).toEqual([0, null]);
});
