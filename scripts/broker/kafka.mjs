#!/usr/bin/env node
/** Apache Kafka on loopback without Docker, for development and tests. Plain JavaScript for Node.js 18 or newer. */
import { existsSync, mkdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { acquire } from '../lock.mjs';
import { makeCertificates } from './certificates.mjs';
import { makeCluster, readCluster, servers } from './cluster.mjs';
import { Failure } from './failure.mjs';
import { jars, kafkaVersion, missingTools } from './jars.mjs';
import { BrokerNode } from './node.mjs';

const HELP = `Usage: scripts/kafka start|stop|status|check|fetch [options]

Apache Kafka ${kafkaVersion()} on 127.0.0.1, for development and tests. Needs Java 17 and, the first time, Maven.

  start               start the cluster, or what is down of it; wait until it is ready; print its servers
  stop                end it
  status              say what runs; ends with 3 when not everything does
  check               say what this machine lacks to run a broker; ends with 1 when it lacks something
  fetch               fetch the jars and do nothing else; start does it as well

  --brokers 1|3       nodes of a new cluster (default 1); each is broker and controller
  --data DIR          where everything is kept (default kafka in KIDJAMO_HOME, or .kidjamo/kafka)
  --node N            this node alone
  --kill              stop: with SIGKILL, as a crash would
  --sasl              new cluster: also listeners with user and password (PLAIN, SCRAM-SHA-256, SCRAM-SHA-512)
  --tls               new cluster: also listeners with TLS, with and without certificate of the client
  --port N            new cluster: take ports from N on, instead of free ones
  --heap MB           new cluster: heap of each node (default 512 for one, 384 for three)
  --json              print JSON
  --help              print this

Ports, process ids, passwords and certificates are in DIR; only its owner can read them. To forget a stopped cluster, delete DIR.
`;

const STOPPED = 3;

try {
  process.exitCode = await main();
} catch (error) {
  console.error(error instanceof Failure ? error.message : error);
  process.exitCode = 1;
}

async function main() {
  const { command, options } = parse();
  if (options.help) {
    console.log(HELP.trimEnd());
    return 0;
  }
  if (command === 'start') return start(options);
  if (command === 'stop') return stop(options);
  if (command === 'status') return status(options);
  if (command === 'check') return check();
  if (command === 'fetch') {
    console.log(jars());
    return 0;
  }
  throw new Failure(`There is no command "${command ?? ''}". Remedy: scripts/kafka --help`);
}

function parse() {
  const flag = { type: 'boolean', default: false };
  const text = { type: 'string' };
  const spec = { brokers: text, data: text, node: text, port: text, heap: text, kill: flag, sasl: flag, tls: flag, json: flag, help: flag };
  let parsed;
  try {
    parsed = parseArgs({ options: spec, allowPositionals: true });
  } catch (error) {
    throw new Failure(`${error.message}. Remedy: scripts/kafka --help`);
  }
  const { values, positionals } = parsed;
  if (positionals.length > 1) throw new Failure(`"${positionals[1]}" is one word too many. Remedy: scripts/kafka --help`);
  return {
    command: positionals[0],
    options: {
      ...values,
      data: resolve(values.data ?? join(process.env.KIDJAMO_HOME || '.kidjamo', 'kafka')),
      brokers: whole('brokers', values.brokers, [1, 3]),
      node: whole('node', values.node, [1, 3]),
      port: whole('port', values.port, [1024, 65_000]),
      heap: whole('heap', values.heap, [128, 8192]),
    },
  };
}

function whole(name, value, [least, most]) {
  if (value === undefined) return undefined;
  const number = Number(value);
  const fits = Number.isInteger(number) && number >= least && number <= most && !(name === 'brokers' && number === 2);
  if (!fits)
    throw new Failure(`--${name} is ${name === 'brokers' ? '1 or 3' : `a whole number from ${least} to ${most}`}, not "${value}".`);
  return number;
}

function check() {
  const lack = missingTools();
  console.log(lack ?? 'A broker can run here.');
  return lack === undefined ? 0 : 1;
}

async function start(options) {
  const folder = jars();
  mkdirSync(options.data, { recursive: true, mode: 0o700 });
  const release = await acquire(join(options.data, 'start.lock'), 'Another process is starting this cluster; waiting for it.');
  try {
    return await startLocked(options, folder);
  } finally {
    release();
  }
}

async function startLocked(options, folder) {
  const cluster =
    readCluster(options.data) ?? (await makeCluster(options.data, { ...options, brokers: options.brokers ?? 1, version: kafkaVersion() }));
  sameAsAsked(cluster, options);
  if (cluster.tls !== undefined) makeCertificates(options.data);
  const nodes = chosen(cluster, options);
  const down = nodes.filter((node) => node.pid() === undefined);
  endWithUs(down);
  try {
    for (const node of down) node.format(folder);
    for (const node of down) await node.start(folder);
    await Promise.all(nodes.map((node) => node.untilReady()));
  } catch (error) {
    await Promise.all(down.map((node) => node.stop(true)));
    throw error;
  }
  say(options, cluster, down.length === 0 ? 'runs already' : 'runs');
  return 0;
}

/** Whoever breaks a start off wants no broker left behind. */
function endWithUs(nodes) {
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
    process.once(signal, () => {
      void Promise.all(nodes.map((node) => node.stop(true))).finally(() => process.exit(1));
    });
  }
}

/** A folder holds one cluster; asking for another in it is a mistake rather than a wish to lose data. */
function sameAsAsked(cluster, options) {
  const differs =
    (options.brokers !== undefined && options.brokers !== cluster.nodes.length) ||
    (options.sasl && cluster.sasl === undefined) ||
    (options.tls && cluster.tls === undefined) ||
    cluster.version !== kafkaVersion();
  if (!differs) return;
  throw new Failure(
    `${options.data} holds a cluster of Kafka ${cluster.version} with ${cluster.nodes.length} node(s) and other options than asked for. ` +
      'Remedy: stop it and delete the folder, or give another --data.',
  );
}

async function stop(options) {
  const cluster = known(options);
  const ended = await Promise.all(chosen(cluster, options).map(async (node) => [node.id, await node.stop(options.kill)]));
  if (options.json) console.log(JSON.stringify({ nodes: ended.map(([id, how]) => ({ id, how })) }));
  else for (const [id, how] of ended) console.log(`node ${id} ${how}`);
  return 0;
}

async function status(options) {
  const cluster = known(options);
  const runs = chosen(cluster, options).every((node) => node.pid() !== undefined);
  say(options, cluster, runs ? 'runs' : 'does not run, or not wholly');
  return runs ? 0 : STOPPED;
}

function known(options) {
  const cluster = readCluster(options.data);
  if (cluster === undefined) throw new Failure(`There is no cluster in ${options.data}. Remedy: scripts/kafka start, or give --data.`);
  return cluster;
}

function chosen(cluster, options) {
  if (options.node !== undefined && options.node > cluster.nodes.length) {
    throw new Failure(`There is no node ${options.node}; the cluster has ${cluster.nodes.length}.`);
  }
  return cluster.nodes
    .filter(({ id }) => options.node === undefined || id === options.node)
    .map((node) => new BrokerNode(cluster, node, options.data));
}

function say(options, cluster, state) {
  const nodes = cluster.nodes.map((node) => ({ id: node.id, pid: new BrokerNode(cluster, node, options.data).pid(), ports: node.ports }));
  const listeners = Object.fromEntries(
    Object.keys(cluster.nodes[0].ports)
      .filter((listener) => listener !== 'CONTROLLER')
      .map((listener) => [listener, servers(cluster, listener)]),
  );
  if (options.json) {
    const { sasl, tls } = cluster;
    console.log(
      JSON.stringify({ state, version: cluster.version, data: options.data, servers: listeners.PLAINTEXT, listeners, nodes, sasl, tls }),
    );
    return;
  }
  console.log(
    `Kafka ${cluster.version} ${state}: ${nodes.map(({ id, pid }) => `node ${id} ${pid === undefined ? 'down' : `pid ${pid}`}`).join(', ')}`,
  );
  for (const [listener, addresses] of Object.entries(listeners)) console.log(`${listener.padEnd(10)}${addresses}`);
  if (existsSync(join(options.data, 'cluster.json'))) console.log(`data      ${options.data}`);
}
