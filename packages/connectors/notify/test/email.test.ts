import { execFileSync } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { openEmailChannel, renderMessage } from '@kidjamo/connector-notify';
import type { EmailOptions, Outcome } from '@kidjamo/connector-notify';
import { sampleCall } from '@kidjamo/connector-notify/testing';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';

import { startMailServer } from './mail-server.ts';
import type { MailServer } from './mail-server.ts';

const KEY = 'k'.repeat(43);
const ADDRESS = 'mere@famille.example';
const message = renderMessage([sampleCall()], { language: 'fr', timeZone: 'Africa/Douala' });

let folder: string;
let tls: { key: string; cert: string };
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'kidjamo-smtp-'));
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-keyout', 'key.pem', '-out', 'cert.pem'];
  const name = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost'];
  execFileSync('openssl', ['req', '-x509', ...key, '-days', '2', ...name], { cwd: folder, stdio: 'ignore' });
  tls = { key: await readFile(join(folder, 'key.pem'), 'utf8'), cert: await readFile(join(folder, 'cert.pem'), 'utf8') };
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const servers: MailServer[] = [];
afterEach(() => stopAll());

async function stopAll(): Promise<void> {
  await Promise.all(servers.splice(0).map((server) => server.close()));
}

async function startServer(options: Parameters<typeof startMailServer>[0] = {}): Promise<MailServer> {
  const server = await startMailServer(options);
  servers.push(server);
  return server;
}

async function send(port: number, more: Partial<EmailOptions> = {}, to: { address?: string; signal?: AbortSignal } = {}): Promise<Outcome> {
  const channel = await openEmailChannel({ host: 'localhost', port, tls: 'none', from: 'alarmes@kidjamo.example', timeout: 5000, ...more });
  return channel.send(message, { key: KEY, address: ADDRESS, signal: AbortSignal.timeout(15_000), ...to });
}

test('a mail has both forms, and an id from its key', async () => {
  const server = await startServer();
  expect(await send(server.port)).toEqual({ kind: 'accepted', providerId: '4Gx9' });
  const [mail = ''] = server.mails;
  expect(mail).toMatch(new RegExp(`^Message-ID: <${KEY}@kidjamo\\.example>\\r?$`, 'im'));
  expect(mail).toMatch(/^To: mere@famille\.example\r?$/im);
  expect(mail).toMatch(/multipart\/alternative/);
  expect(mail).toMatch(/text\/plain/);
  expect(mail).toMatch(/text\/html/);
  expect(mail).toMatch(/^Auto-Submitted: auto-generated\r?$/im);
  expect(mail).toMatch(/^Subject: =\?UTF-8\?Q\?CRITIQUE/im);
  expect(mail.slice(0, mail.indexOf('\r\n\r\n'))).not.toContain('Awa');
});

test('TLS from the first byte, and by STARTTLS', async () => {
  const implicit = await startServer({ secure: true, ...tls });
  expect((await send(implicit.port, { tls: 'implicit', ca: tls.cert })).kind).toBe('accepted');
  const upgraded = await startServer({ ...tls, disabledCommands: [] });
  expect((await send(upgraded.port, { tls: 'starttls', ca: tls.cert })).kind).toBe('accepted');
  expect([...implicit.secured, ...upgraded.secured]).toEqual([true, true]);
});

test('where TLS is wanted and not offered, or the certificate is a stranger, nothing is sent', async () => {
  const plain = await startServer();
  expect((await send(plain.port, { tls: 'starttls', ca: tls.cert })).kind).not.toBe('accepted');
  const stranger = await startServer({ secure: true, ...tls });
  expect((await send(stranger.port, { tls: 'implicit' })).kind).not.toBe('accepted');
  expect([...plain.mails, ...stranger.mails]).toEqual([]);
});

test('without TLS it goes to this machine only, unless the host is allowed', async () => {
  const make = (more: Partial<EmailOptions>) =>
    openEmailChannel({ host: 'mail.example.org', port: 25, tls: 'none', from: 'a@b.example', ...more });
  await expect(make({})).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
  await expect(make({ plainHosts: ['mail.example.org'] })).resolves.toMatchObject({ name: 'email' });
  await expect(make({ tls: 'starttls' })).resolves.toMatchObject({ name: 'email' });
  await expect(make({ tls: 'implicit', from: 'no address' })).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
});

/** An error that the server answers with. */
function smtpError(responseCode: number): Error {
  return Object.assign(new Error(`<${ADDRESS}> says no`), { responseCode });
}

test.each([
  [550, 'refused'],
  [451, 'failed'],
  [421, 'failed'],
] as const)('a recipient answered with %i: %s, without its address', async (code, kind) => {
  const server = await startServer({ onRcptTo: (_address, _session, done) => done(smtpError(code)) });
  const outcome = await send(server.port);
  expect(outcome.kind).toBe(kind);
  expect(JSON.stringify(outcome)).not.toMatch(/mere|famille/);
});

test('a message refused after it was sent is refused', async () => {
  const server = await startServer({
    onData: (stream, _session, done) => {
      stream.resume().on('end', () => done(smtpError(554)));
    },
  });
  expect((await send(server.port)).kind).toBe('refused');
});

test('a wrong password is refused, and not told', async () => {
  const server = await startServer({
    authOptional: false,
    allowInsecureAuth: true,
    onAuth: (_auth, _session, done) => done(smtpError(535)),
  });
  const outcome = await send(server.port, { user: 'kidjamo', password: 'a-secret-word' });
  expect(outcome.kind).toBe('refused');
  expect(JSON.stringify(outcome)).not.toContain('a-secret-word');
});

test('nobody there: surely not sent', async () => {
  const server = await startServer();
  await stopAll();
  expect(await send(server.port)).toEqual({ kind: 'failed', reason: 'the mail could not be handed over (ECONNREFUSED)' });
});

test('time over after the whole mail was taken: perhaps sent', async () => {
  const limit = new AbortController();
  const server = await startServer({
    onData: (stream) => {
      stream.resume().on('end', () => limit.abort());
    },
  });
  expect((await send(server.port, {}, { signal: limit.signal })).kind).toBe('unknown');
});

test.each(['a@b.example, c@d.example', 'a@b.example\r\nBcc: c@d.example', 'Mother <a@b.example>', 'nobody', ''])(
  'the address %j is refused, and sent nowhere',
  async (address) => {
    const server = await startServer();
    expect((await send(server.port, {}, { address })).kind).toBe('refused');
    expect(server.mails).toEqual([]);
  },
);
