/** One broker of a cluster as a process: formatted, started, watched, ended. Plain JavaScript for Node.js 18 or newer. */
import { spawn, spawnSync } from 'node:child_process';
import { closeSync, existsSync, mkdirSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { assertPortsFree, properties } from './cluster.mjs';
import { Failure } from './failure.mjs';
import { answers } from './probe.mjs';

const here = dirname(fileURLToPath(import.meta.url));

/** How long a broker may take until it answers (ms), on a machine that does much else. */
const READY_MS = 120_000;

/** How long a broker may take to hand its partitions over and end (ms). After it, it is killed. */
const STOP_MS = 20_000;

/** A broker of `cluster`, whose data folder is `data`. */
export class BrokerNode {
  #cluster;
  #node;
  #folder;
  /** What we started ourselves: known even where somebody deleted the folder under us. */
  #started;

  constructor(cluster, node, data) {
    this.#cluster = cluster;
    this.#node = node;
    this.#folder = resolve(data, `node-${node.id}`);
  }

  get id() {
    return this.#node.id;
  }

  /** The process id while it runs, else undefined. A number that another program got since then is not ours: the command line tells. */
  pid() {
    const file = this.#file('pid');
    const pid = existsSync(file) ? Number(readFileSync(file, 'utf8')) : this.#started;
    if (pid === undefined) return undefined;
    return commandLine(pid).includes(this.#file('server.properties')) ? pid : undefined;
  }

  /** Writes the settings and formats the storage, if that was not done. */
  format(jars) {
    mkdirSync(this.#folder, { recursive: true, mode: 0o700 });
    const lines = Object.entries(properties(this.#cluster, this.#node, this.#folder)).map(([name, value]) => `${name}=${value}`);
    writeFileSync(this.#file('server.properties'), `${lines.join('\n')}\n`, { mode: 0o600 });
    if (existsSync(this.#file('log/meta.properties'))) return;
    const scram = this.#cluster.sasl === undefined ? [] : scramArguments(this.#cluster.sasl);
    const tool = [
      'kafka.tools.StorageTool',
      'format',
      '--ignore-formatted',
      '-t',
      this.#cluster.clusterId,
      '-c',
      this.#file('server.properties'),
    ];
    const java = [
      '-Xmx128m',
      '-XX:+UseSerialGC',
      '-XX:TieredStopAtLevel=1',
      '-cp',
      join(jars, '*'),
      `-Dkidjamo.broker.log=${this.#file('format.log')}`,
    ];
    const formatted = spawnSync('java', [...java, log4j(), ...tool, ...scram], { encoding: 'utf8' });
    if (formatted.status === 0) return;
    throw new Failure(`${formatted.stdout}${formatted.stderr}\nThe storage of node ${this.id} could not be formatted. Remedy: see above.`);
  }

  /** Starts the process. It goes on when we end. */
  async start(jars) {
    await assertPortsFree(this.#node);
    const java = [`-Xms${this.#cluster.heap}m`, `-Xmx${this.#cluster.heap}m`, '-XX:+UseSerialGC', '-XX:+ExitOnOutOfMemoryError'];
    const options = ['-Djava.awt.headless=true', `-Dkidjamo.broker.log=${this.#file('broker.log')}`, log4j()];
    const said = openSync(this.#file('console.log'), 'a', 0o600);
    const child = spawn('java', [...java, ...options, '-cp', join(jars, '*'), 'kafka.Kafka', this.#file('server.properties')], {
      // Of its own session: a Ctrl-C meant for whoever started it is not meant for the broker.
      detached: true,
      stdio: ['ignore', said, said],
      cwd: this.#folder,
    });
    closeSync(said);
    await new Promise((done, failed) => child.once('spawn', done).once('error', failed));
    this.#started = child.pid;
    child.unref();
    writeFileSync(this.#file('pid'), String(child.pid));
  }

  /** Waits until the broker answers. Fails with the last lines of its log when it ends before. */
  async untilReady() {
    for (const deadline = Date.now() + READY_MS; ; await sleep(100)) {
      if (this.pid() === undefined)
        throw new Failure(
          `${this.#lastWords()}\nNode ${this.id} ended while it started. Remedy: see above, or ${this.#file('broker.log')}.`,
        );
      if (await answers(this.#node.ports.PLAINTEXT)) return;
      if (Date.now() > deadline)
        throw new Failure(`Node ${this.id} did not answer within ${READY_MS / 1000} s. Remedy: see ${this.#file('broker.log')}.`);
    }
  }

  /** Ends the process: asks first, unless `kill`; kills it when it takes too long. Resolves when it is gone, with how it ended. */
  async stop(kill) {
    const pid = this.pid();
    if (pid === undefined) return 'was not running';
    process.kill(pid, kill ? 'SIGKILL' : 'SIGTERM');
    let killed = kill;
    for (const deadline = Date.now() + STOP_MS; this.pid() !== undefined; await sleep(50)) {
      if (killed || Date.now() < deadline) continue;
      process.kill(pid, 'SIGKILL');
      killed = true;
    }
    rmSync(this.#file('pid'), { force: true });
    return killed ? 'killed' : 'stopped';
  }

  #lastWords() {
    const text = ['broker.log', 'console.log']
      .map((name) => (existsSync(this.#file(name)) ? readFileSync(this.#file(name), 'utf8') : ''))
      .join('');
    return text.split('\n').slice(-15).join('\n');
  }

  #file(name) {
    return join(this.#folder, name);
  }
}

function log4j() {
  return `-Dlog4j2.configurationFile=${join(here, 'log4j2.properties')}`;
}

function scramArguments({ username, password }) {
  return ['SCRAM-SHA-256', 'SCRAM-SHA-512'].flatMap((kind) => ['--add-scram', `${kind}=[name=${username},password=${password}]`]);
}

/** The command line of a process, or '' where there is none. A process that has ended and waits to be collected has none either. */
function commandLine(pid) {
  if (existsSync('/proc/self/cmdline')) {
    try {
      return readFileSync(`/proc/${pid}/cmdline`, 'utf8');
    } catch (error) {
      if (error.code === 'ENOENT' || error.code === 'ESRCH') return '';
      throw error;
    }
  }
  return spawnSync('ps', ['-ww', '-o', 'args=', '-p', String(pid)], { encoding: 'utf8' }).stdout;
}
