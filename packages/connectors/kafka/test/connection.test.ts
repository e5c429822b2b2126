import { expect, test } from 'vitest';
import { clientOptions, kafkaFailure } from '../src/index.ts';
import type { KafkaConnection } from '../src/index.ts';

const plain: KafkaConnection = { servers: 'one.example:9092, [::1]:9093', clientId: 'kidjamo-worker' };

test('addresses are taken apart; every wait of the client has a bound', () => {
  const options = clientOptions(plain);
  expect(options.bootstrapBrokers).toEqual(['one.example:9092', '[::1]:9093']);
  expect(options.autocreateTopics).toBe(false);
  for (const bound of [options.connectTimeout, options.requestTimeout, options.retries, options.retryDelay])
    expect(bound).toBeLessThan(60_000);
});

test.each([
  { what: 'no server', connection: { ...plain, servers: ' , ' }, says: /KAFKA_SERVERS.*empty/ },
  { what: 'a server without port', connection: { ...plain, servers: 'a:1,b' }, says: /KAFKA_SERVERS.*entry 2/ },
  { what: 'a URL', connection: { ...plain, servers: 'kafka://user:secret@a:1' }, says: /KAFKA_SERVERS.*entry 1/ },
  { what: 'a client id with a space', connection: { ...plain, clientId: 'a b' }, says: /client id/ },
  { what: 'a certificate without key', connection: { ...plain, tls: { cert: 'x' } }, says: /KAFKA_SSL_KEY/ },
  { what: 'a key without certificate', connection: { ...plain, tls: { key: 'x' } }, says: /KAFKA_SSL_CERT/ },
])('$what is refused, with the setting and without its value', ({ connection, says }) => {
  expect(() => clientOptions(connection)).toThrow(
    expect.objectContaining({ code: 'CONFIG_INVALID', message: expect.stringMatching(says) as string }),
  );
  expect(() => clientOptions(connection)).not.toThrow(/secret/);
});

test('what is not known to be refused again may be tried again', () => {
  const failure = kafkaFailure(new AggregateError([new Error('one', { cause: new Error('connect ECONNREFUSED') })]), 'reading');
  expect(failure).toMatchObject({ code: 'LOG_UNAVAILABLE', retryable: true, message: 'reading failed: connect ECONNREFUSED' });
});
