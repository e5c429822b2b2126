import { readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';

import { expect, test } from 'vitest';
import { checkConnection, SASL_MECHANISMS } from '../src/index.ts';
import type { KafkaConnection, KafkaTls } from '../src/index.ts';
import { describeKafkaCluster } from '../src/testing/index.ts';
import type { TestCluster } from '../src/testing/index.ts';

describeKafkaCluster('Connection to Kafka', { sasl: true, tls: true }, (cluster) => {
  test('without anything', async () => {
    await expect(checkConnection(to(cluster(), 'PLAINTEXT'))).resolves.toBe(1);
  });

  test.each(SASL_MECHANISMS)('%s signs in, and with TLS', async (mechanism) => {
    const sasl = { mechanism, ...credentials(cluster()) };
    await expect(checkConnection({ ...to(cluster(), 'SASL'), sasl })).resolves.toBe(1);
    await expect(checkConnection({ ...to(cluster(), 'SASL_TLS'), sasl, tls: trusted(cluster()) })).resolves.toBe(1);
  });

  test.each(SASL_MECHANISMS)('%s: a wrong password or user is refused for good', async (mechanism) => {
    for (const wrong of [{ password: 'swordfish' }, { username: 'stranger' }]) {
      const failure = checkConnection({ ...to(cluster(), 'SASL'), sasl: { mechanism, ...credentials(cluster()), ...wrong } });
      await expect(failure).rejects.toMatchObject({
        code: 'CONFIG_INVALID',
        message: expect.stringMatching(/KAFKA_SASL_PASSWORD/) as string,
      });
      await expect(failure).rejects.not.toThrow(/swordfish|stranger/);
    }
  });

  test('TLS, and TLS with a certificate of our own', async () => {
    await expect(checkConnection({ ...to(cluster(), 'TLS'), tls: trusted(cluster()) })).resolves.toBe(1);
    const own = { cert: pem(cluster(), 'cert'), key: pem(cluster(), 'key') };
    await expect(checkConnection({ ...to(cluster(), 'MTLS'), tls: { ...trusted(cluster()), ...own } })).resolves.toBe(1);
  });

  test('a certificate of an authority that we do not trust is refused', async () => {
    const failure = checkConnection({ ...to(cluster(), 'TLS'), tls: {} });
    await expect(failure).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      message: expect.stringMatching(/certificate.*KAFKA_SSL_CA/) as string,
    });
  });

  test('a broker that wants our certificate hangs up without it, and we say that this may be why', async () => {
    const failure = checkConnection({ ...to(cluster(), 'MTLS'), tls: trusted(cluster()) });
    await expect(failure).rejects.toMatchObject({ code: 'LOG_UNAVAILABLE', message: expect.stringMatching(/hangs up/) as string });
  });

  test('TLS to a port without, a password to a port that takes none, neither to a port that wants it', async () => {
    const sasl = { mechanism: 'PLAIN', ...credentials(cluster()) } as const;
    await expect(checkConnection(to(cluster(), 'TLS'))).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      message: expect.stringMatching(/KAFKA_SSL/) as string,
    });
    await expect(checkConnection({ ...to(cluster(), 'PLAINTEXT'), sasl })).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
    await expect(checkConnection({ ...to(cluster(), 'PLAINTEXT'), tls: trusted(cluster()) })).rejects.toMatchObject({
      code: 'LOG_UNAVAILABLE',
    });
    await expect(checkConnection(to(cluster(), 'SASL'))).rejects.toMatchObject({ code: 'LOG_UNAVAILABLE' });
  });

  test('a port where nobody answers, or where somebody takes and says nothing, is unavailable within a bound', async () => {
    const taken: Socket[] = [];
    const mute = createServer((socket) => taken.push(socket));
    await new Promise<void>((done) => mute.listen(0, '127.0.0.1', done));
    const { port } = mute.address() as AddressInfo;
    const silent = checkConnection({ servers: `127.0.0.1:${String(port)}`, clientId: 'test' }, 500);
    await expect(silent).rejects.toMatchObject({
      code: 'LOG_UNAVAILABLE',
      retryable: true,
      message: expect.stringContaining('within 0.5 s') as string,
    });
    for (const socket of taken) socket.destroy();
    await new Promise((done) => mute.close(done));
    await expect(checkConnection({ servers: '127.0.0.1:1', clientId: 'test' })).rejects.toMatchObject({ code: 'LOG_UNAVAILABLE' });
  });
});

function to(cluster: TestCluster, listener: string): KafkaConnection {
  return { servers: cluster.listeners[listener] ?? '', clientId: 'test' };
}

function credentials({ sasl }: TestCluster): { username: string; password: string } {
  return { username: sasl?.username ?? '', password: sasl?.password ?? '' };
}

function trusted(cluster: TestCluster): KafkaTls {
  return { ca: pem(cluster, 'ca') };
}

function pem({ tls }: TestCluster, name: 'ca' | 'cert' | 'key'): string {
  return readFileSync(tls?.[name] ?? '', 'utf8');
}
