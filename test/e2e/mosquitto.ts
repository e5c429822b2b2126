/** A Mosquitto of a test's own: the existing broker that Kidjamo is put behind. */
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

const PROGRAM = process.env['KIDJAMO_MOSQUITTO'] ?? '/usr/sbin/mosquitto';
const STARTS_WITHIN = 20_000;

export class Mosquitto {
  readonly #folder: string;
  readonly #port: number;
  #child: ChildProcess | undefined;

  private constructor(folder: string, port: number) {
    this.#folder = folder;
    this.#port = port;
  }

  static async start(port: number): Promise<Mosquitto> {
    const folder = await mkdtemp(join(tmpdir(), 'kidjamo-mosquitto-'));
    // Mosquitto gives root up and keeps its sessions here.
    await chmod(folder, 0o777);
    const lines = [
      `listener ${String(port)} 127.0.0.1`,
      'allow_anonymous true',
      'persistence true',
      `persistence_location ${folder}/`,
      'autosave_on_changes true',
      'autosave_interval 1',
      'max_queued_messages 0',
      'log_dest none',
    ];
    await writeFile(join(folder, 'mosquitto.conf'), `${lines.join('\n')}\n`);
    const broker = new Mosquitto(folder, port);
    await broker.#run();
    return broker;
  }

  async restart(): Promise<void> {
    await this.#end();
    await this.#run();
  }

  async stop(): Promise<void> {
    await this.#end();
    await rm(this.#folder, { recursive: true, force: true });
  }

  async #end(): Promise<void> {
    const child = this.#child;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const exited = once(child, 'exit');
    child.kill('SIGTERM');
    await exited;
  }

  async #run(): Promise<void> {
    const child = spawn(PROGRAM, ['-c', join(this.#folder, 'mosquitto.conf')], { stdio: 'ignore' });
    await once(child, 'spawn');
    this.#child = child;
    for (const until = performance.now() + STARTS_WITHIN; performance.now() < until;) {
      if (child.exitCode !== null) throw new Error(`mosquitto ended with ${String(child.exitCode)}`);
      if (await answers(this.#port)) return;
      await delay(20);
    }
    throw new Error('mosquitto did not start');
  }
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
    socket.once('connect', () => socket.destroy());
  });
}
