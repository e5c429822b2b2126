/** What is known of a cluster: its nodes, ports and secrets, kept in `cluster.json` of its data folder. Plain JavaScript. */
import { randomBytes, randomInt } from 'node:crypto';
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join, resolve } from 'node:path';
import { Failure } from './failure.mjs';

/**
 * Ports are taken from below the ones that systems hand to outgoing connections. A broker that is away for a moment would otherwise
 * find its port taken, or a client would be connected with itself.
 */
const PORTS = { from: 15_000, to: 32_000 };

/** The listeners of a node beside CONTROLLER, and the security protocol of each. */
export const PROTOCOLS = { PLAINTEXT: 'PLAINTEXT', SASL: 'SASL_PLAINTEXT', TLS: 'SSL', SASL_TLS: 'SASL_SSL', MTLS: 'SSL' };

/** The cluster of a data folder, or undefined where none was ever started. */
export function readCluster(data) {
  const file = join(data, 'cluster.json');
  return existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : undefined;
}

/** A new cluster: `brokers` nodes with free ports (from `port` on where it is given), the listeners asked for, random secrets. Kept in its folder. */
export async function makeCluster(data, options) {
  const listeners = ['PLAINTEXT', 'CONTROLLER'];
  if (options.sasl) listeners.push('SASL');
  if (options.tls) listeners.push('TLS', 'MTLS');
  if (options.sasl && options.tls) listeners.push('SASL_TLS');
  const next = ports(options.port);
  const nodes = [];
  for (let id = 1; id <= options.brokers; id++) {
    const of = {};
    for (const listener of listeners) of[listener] = await next();
    nodes.push({ id, ports: of });
  }
  const cluster = {
    clusterId: randomBytes(16).toString('base64url').replace(/^-/, 'k'),
    version: options.version,
    heap: options.heap ?? (options.brokers === 1 ? 512 : 384),
    nodes,
    ...(options.sasl ? { sasl: { username: 'kidjamo', password: randomBytes(18).toString('base64url') } } : {}),
    ...(options.tls
      ? { tls: { ca: resolve(data, 'tls/ca.pem'), cert: resolve(data, 'tls/client.pem'), key: resolve(data, 'tls/client.key') } }
      : {}),
  };
  // Whole or not at all: a process that is killed here leaves no half a description.
  writeFileSync(join(data, 'cluster.json.new'), `${JSON.stringify(cluster, null, 2)}\n`, { mode: 0o600 });
  renameSync(join(data, 'cluster.json.new'), join(data, 'cluster.json'));
  return cluster;
}

/** The addresses of a listener of all nodes: `127.0.0.1:15001,127.0.0.1:15002`. */
export function servers(cluster, listener = 'PLAINTEXT') {
  return cluster.nodes.map((node) => `127.0.0.1:${node.ports[listener]}`).join(',');
}

/** Fails when a port of this node is taken by another program. */
export async function assertPortsFree(node) {
  for (const [listener, port] of Object.entries(node.ports)) {
    if (await isFree(port)) continue;
    throw new Failure(
      `Port ${port} of node ${node.id} (${listener}) is taken by another program. Remedy: end that program, or delete the data folder and start anew.`,
    );
  }
}

/** `server.properties` of a node. */
export function properties(cluster, node, data) {
  const replicas = Math.min(3, cluster.nodes.length);
  const inSync = replicas === 1 ? 1 : 2;
  const address = (listener) => `${listener}://127.0.0.1:${node.ports[listener]}`;
  const listeners = Object.keys(node.ports);
  const clients = listeners.filter((listener) => listener !== 'CONTROLLER');
  return {
    'process.roles': 'broker,controller',
    'node.id': node.id,
    'controller.quorum.voters': cluster.nodes.map((each) => `${each.id}@127.0.0.1:${each.ports.CONTROLLER}`).join(','),
    'controller.listener.names': 'CONTROLLER',
    'inter.broker.listener.name': 'PLAINTEXT',
    listeners: listeners.map(address).join(','),
    'advertised.listeners': clients.map(address).join(','),
    'listener.security.protocol.map': ['CONTROLLER:PLAINTEXT', ...clients.map((name) => `${name}:${PROTOCOLS[name]}`)].join(','),
    'log.dirs': join(data, 'log'),
    // A topic that nobody declared is a mistake: one partition and no replicas.
    'auto.create.topics.enable': false,
    'default.replication.factor': replicas,
    'min.insync.replicas': inSync,
    'offsets.topic.replication.factor': replicas,
    'offsets.topic.num.partitions': 8,
    'transaction.state.log.replication.factor': replicas,
    'transaction.state.log.min.isr': inSync,
    'transaction.state.log.num.partitions': 8,
    'share.coordinator.state.topic.replication.factor': replicas,
    'share.coordinator.state.topic.min.isr': inSync,
    'share.coordinator.state.topic.num.partitions': 4,
    // A transaction whose producer died holds its readers up no longer than this.
    'transaction.max.timeout.ms': 60_000,
    'transaction.abort.timed.out.transaction.cleanup.interval.ms': 1_000,
    // Groups of tests come and go: what takes minutes in the defaults takes seconds here.
    'group.initial.rebalance.delay.ms': 0,
    'group.min.session.timeout.ms': 1_000,
    'group.consumer.min.session.timeout.ms': 1_000,
    'group.consumer.session.timeout.ms': 10_000,
    'group.consumer.min.heartbeat.interval.ms': 200,
    'group.consumer.heartbeat.interval.ms': 500,
    'broker.heartbeat.interval.ms': 1_000,
    'broker.session.timeout.ms': 6_000,
    'replica.lag.time.max.ms': 10_000,
    // The defaults are made for machines with tens of cores and gigabytes.
    'num.network.threads': 2,
    'num.io.threads': 4,
    'background.threads': 4,
    'log.cleaner.dedupe.buffer.size': 16_777_216,
    'log.segment.bytes': 67_108_864,
    ...(cluster.sasl === undefined ? {} : saslProperties(cluster.sasl, clients)),
    ...(cluster.tls === undefined ? {} : tlsProperties(join(data, '..', 'tls'))),
  };
}

function saslProperties({ username, password }, clients) {
  const plain = 'org.apache.kafka.common.security.plain.PlainLoginModule';
  const scram = 'org.apache.kafka.common.security.scram.ScramLoginModule';
  const all = {
    'sasl.enabled.mechanisms': 'PLAIN,SCRAM-SHA-256,SCRAM-SHA-512',
    // Who comes without a password may do everything, the user as well until somebody restricts something.
    'authorizer.class.name': 'org.apache.kafka.metadata.authorizer.StandardAuthorizer',
    'super.users': 'User:ANONYMOUS',
    'allow.everyone.if.no.acl.found': true,
  };
  for (const listener of clients.filter((name) => name.startsWith('SASL'))) {
    const prefix = `listener.name.${listener.toLowerCase()}`;
    all[`${prefix}.plain.sasl.jaas.config`] = `${plain} required user_${username}="${password}";`;
    all[`${prefix}.scram-sha-256.sasl.jaas.config`] = `${scram} required;`;
    all[`${prefix}.scram-sha-512.sasl.jaas.config`] = `${scram} required;`;
  }
  return all;
}

function tlsProperties(folder) {
  return {
    'ssl.keystore.type': 'PEM',
    'ssl.keystore.location': join(folder, 'server.keystore.pem'),
    'ssl.truststore.type': 'PEM',
    'ssl.truststore.location': join(folder, 'ca.pem'),
    'ssl.enabled.protocols': 'TLSv1.2,TLSv1.3',
    'listener.name.mtls.ssl.client.auth': 'required',
  };
}

/** Hands out free ports: from `first` on where it is given, else random ones, so that clusters started at once rarely try the same. */
function ports(first) {
  let candidate = first;
  const taken = new Set();
  return async () => {
    for (let attempt = 0; attempt < 1_000; attempt++) {
      const port = candidate === undefined ? randomInt(PORTS.from, PORTS.to) : candidate++;
      if (taken.has(port) || !(await isFree(port))) continue;
      taken.add(port);
      return port;
    }
    throw new Failure('No free port was found for a broker. Remedy: give --port with the first of a range of free ports.');
  };
}

function isFree(port) {
  return new Promise((done) => {
    const server = createServer();
    server.once('error', () => done(false));
    server.listen({ port, host: '127.0.0.1', exclusive: true }, () => server.close(() => done(true)));
  });
}
