/** How brokers are reached, and what it means when they are not. */

import { Admin, findErrorBy } from '@platformatic/kafka';
import type { BaseOptions } from '@platformatic/kafka';
import { KidjamoError } from '@kidjamo/stream';

/** The ways to prove who we are with a user name and a password. */
export const SASL_MECHANISMS = ['PLAIN', 'SCRAM-SHA-256', 'SCRAM-SHA-512'] as const;

/** Encryption on the way. The texts are PEM, not paths. */
export interface KafkaTls {
  /** The authorities that may have signed the brokers' certificates; those that Node.js trusts when absent. */
  readonly ca?: string;
  /** Our own certificate and its key, where brokers ask for one. */
  readonly cert?: string;
  readonly key?: string;
  /** What the key is encrypted with. */
  readonly passphrase?: string;
}

/** A user name and a password. */
export interface KafkaSasl {
  readonly mechanism: (typeof SASL_MECHANISMS)[number];
  readonly username: string;
  readonly password: string;
}

/** How brokers are reached. */
export interface KafkaConnection {
  /** Some of the brokers as `host:port`, separated by commas; they name the others. */
  readonly servers: string;
  /** How the brokers' logs call us. No spaces, no identity. */
  readonly clientId: string;
  readonly tls?: KafkaTls;
  readonly sasl?: KafkaSasl;
}

/** How long a broker may take to accept a connection, TLS included (ms). */
const CONNECT_MS = 5_000;

/** How long a broker may take to answer a request (ms). */
const REQUEST_MS = 15_000;

/** Retries of a single request by the client itself, and the pause between them (ms). Whoever calls has longer patience, and says so. */
const RETRIES = 2;
const RETRY_MS = 250;

/**
 * How long a question to the cluster may take, all attempts together (ms). The client has no such bound: its attempts to connect are
 * repeated within the attempts of the request, so that a server that accepts and stays silent costs the product of both.
 */
const PATIENCE_MS = 30_000;

/** What a broker says when the user name, the password or the way to send them is wrong: the same again will not help. */
const REFUSALS: Readonly<Record<string, string>> = {
  SASL_AUTHENTICATION_FAILED: 'Kafka refuses the user name or the password. Remedy: KAFKA_SASL_USERNAME, KAFKA_SASL_PASSWORD',
  UNSUPPORTED_SASL_MECHANISM: `Kafka does not take this way to sign in. Remedy: set KAFKA_SASL_MECHANISM to one of ${SASL_MECHANISMS.join(', ')} that the brokers offer`,
  ILLEGAL_SASL_STATE:
    'this port of Kafka takes no password. Remedy: name a port with SASL in KAFKA_SERVERS, or leave KAFKA_SASL_MECHANISM empty',
  TOPIC_AUTHORIZATION_FAILED: 'Kafka does not allow this user to use a topic. Remedy: grant it (ACL)',
  GROUP_AUTHORIZATION_FAILED: 'Kafka does not allow this user to use a consumer group. Remedy: grant it (ACL)',
  CLUSTER_AUTHORIZATION_FAILED: 'Kafka does not allow this user to do this on the cluster. Remedy: grant it (ACL)',
  TRANSACTIONAL_ID_AUTHORIZATION_FAILED: 'Kafka does not allow this user to use a transaction. Remedy: grant it (ACL)',
};

/** What Node.js says of a certificate it does not accept. Source: X509_V_ERR_* of OpenSSL, and `tls.checkServerIdentity`. */
const CERTIFICATE =
  /^(CERT_|DEPTH_ZERO_|SELF_SIGNED_|UNABLE_TO_(GET|VERIFY|DECODE)_|ERR_TLS_CERT_ALTNAME|ERR_SSL_.*(CERTIFICATE|UNKNOWN_CA)|HOSTNAME_MISMATCH)/;

/**
 * The options of the client for this connection: bounded times, checked addresses.
 * @throws KidjamoError CONFIG_INVALID when an address, the client id or a key is not usable.
 */
export function clientOptions(connection: KafkaConnection): BaseOptions {
  const { tls, sasl } = connection;
  if (!/^[\w.-]{1,200}$/.test(connection.clientId))
    throw invalid('the client id is up to 200 letters, digits, dots, dashes and underscores');
  if ((tls?.cert === undefined) !== (tls?.key === undefined)) {
    throw invalid(
      'a certificate of our own needs its key, and the key its certificate. Remedy: set KAFKA_SSL_CERT and KAFKA_SSL_KEY, or neither',
    );
  }
  return {
    clientId: connection.clientId,
    bootstrapBrokers: addresses(connection.servers),
    connectTimeout: CONNECT_MS,
    requestTimeout: REQUEST_MS,
    retries: RETRIES,
    retryDelay: RETRY_MS,
    // A topic that nobody declared is a mistake: one partition, no replicas.
    autocreateTopics: false,
    ...(tls === undefined ? {} : { tls: { ...tls } }),
    ...(sasl === undefined ? {} : { sasl: { mechanism: sasl.mechanism, username: sasl.username, password: sasl.password } }),
  };
}

/** What a question to the cluster is about, for the message when it fails, and how long the answer may take (ms). */
export interface Question {
  readonly what: string;
  readonly patienceMs?: number;
}

/**
 * Lends a client for questions about the cluster, and closes it afterwards.
 * @throws KidjamoError as {@link kafkaFailure} makes it of what the client throws; LOG_UNAVAILABLE when the patience is over.
 */
export async function withAdmin<R>(connection: KafkaConnection, question: Question, work: (admin: Admin) => Promise<R>): Promise<R> {
  const { what, patienceMs = PATIENCE_MS } = question;
  const admin = new Admin(clientOptions(connection));
  const patience = limit(patienceMs, what);
  try {
    return await Promise.race([work(admin), patience.over]);
  } catch (error) {
    throw kafkaFailure(error, what);
  } finally {
    patience.end();
    // Closing is what ends the attempts that are still under way.
    await admin.close();
  }
}

/**
 * Reaches the brokers once, signing in. Resolves with how many there are.
 * @throws KidjamoError CONFIG_INVALID when certificate, user or password are refused; LOG_UNAVAILABLE when no broker answers in time.
 */
export async function checkConnection(connection: KafkaConnection, patienceMs = PATIENCE_MS): Promise<number> {
  const question = { what: 'reaching Kafka', patienceMs };
  return withAdmin(connection, question, async (admin) => (await admin.metadata({ topics: [] })).brokers.size);
}

/**
 * The error that an error of the client means to us: CONFIG_INVALID when the same call will be refused again, else LOG_UNAVAILABLE.
 * What is a KidjamoError already comes back as it is.
 */
export function kafkaFailure(error: unknown, what: string): KidjamoError {
  if (error instanceof KidjamoError) return error;
  const causes = leaves(error);
  for (const cause of causes) {
    const reason = refusal(cause);
    if (reason !== undefined) return new KidjamoError('CONFIG_INVALID', `${what} failed: ${reason}`, { cause: error });
  }
  const last = causes.at(-1);
  const said = last instanceof Error ? last.message : String(last);
  const hint =
    said === 'Connection closed'
      ? '. A broker also hangs up on who comes without the TLS, the certificate or the password that it asks for'
      : '';
  return new KidjamoError('LOG_UNAVAILABLE', `${what} failed: ${said}${hint}`, { cause: error });
}

/** Tells whether the broker said this somewhere in an error of the client, as `TOPIC_ALREADY_EXISTS`. */
export function brokerSaid(error: unknown, apiId: string): boolean {
  return error instanceof Error && findErrorBy(error, 'apiId', apiId) !== null;
}

/** Why the same call will be refused again; undefined when it may succeed. */
function refusal(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined;
  if (error.message === 'Broker requires TLS.') return 'this port of Kafka speaks TLS only. Remedy: set KAFKA_SSL to true';
  if ('apiId' in error) return REFUSALS[String(error.apiId)];
  const code = 'code' in error ? String(error.code) : '';
  if (!CERTIFICATE.test(code)) return undefined;
  return `the certificate of a broker, or ours, is not accepted (${code}). Remedy: KAFKA_SSL_CA holds the authority that signed the brokers' certificate, and KAFKA_SERVERS the names in it`;
}

/** The errors that nothing else caused: the client wraps attempts in attempts. */
function leaves(error: unknown): unknown[] {
  if (error instanceof AggregateError && error.errors.length > 0) return error.errors.flatMap(leaves);
  if (error instanceof Error && error.cause !== undefined) return leaves(error.cause);
  return [error];
}

function addresses(servers: string): string[] {
  const all = servers
    .split(',')
    .map((server) => server.trim())
    .filter((server) => server !== '');
  const wrong = all.findIndex((server) => !/^(\[[0-9A-Fa-f:.]+\]|[\w.-]+):\d{1,5}$/.test(server));
  if (all.length === 0 || wrong >= 0) {
    throw invalid(
      `KAFKA_SERVERS is a list of host:port separated by commas${wrong >= 0 ? `; entry ${wrong + 1} is not` : ', and it is empty'}`,
    );
  }
  return all;
}

function invalid(reason: string): KidjamoError {
  return new KidjamoError('CONFIG_INVALID', `Kafka: ${reason}.`);
}

/** A promise that fails when the time is over, unless it was ended before. */
function limit(ms: number, what: string): { readonly over: Promise<never>; end(): void } {
  let timer: NodeJS.Timeout | undefined;
  const over = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new KidjamoError('LOG_UNAVAILABLE', `${what} failed: no answer within ${ms / 1000} s`)), ms);
  });
  return { over, end: () => clearTimeout(timer) };
}
