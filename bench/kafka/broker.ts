/** A broker of the bench's own: `scripts/kafka` on a folder of its own. */

import { execFile, spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';

const SCRIPT = join(import.meta.dirname, '../../scripts/broker/kafka.mjs');
/** MB. More than the default for tests: the topics of the peer need some. */
const HEAP = '1024';

interface Description {
  readonly servers: string;
  readonly version: string;
  readonly nodes: readonly { readonly pid?: number }[];
}

export class Broker {
  readonly servers: string;
  readonly version: string;
  readonly pids: readonly number[];
  readonly #data: string;
  readonly #last: () => void;

  private constructor(data: string, { servers, version, nodes }: Description) {
    this.#data = data;
    this.servers = servers;
    this.version = version;
    this.pids = nodes.flatMap(({ pid }) => pid ?? []);
    // The broker is a process of its own session: nothing else would end it when we fail.
    this.#last = () => void spawnSync(process.execPath, [SCRIPT, 'stop', '--kill', '--data', data]);
    process.once('exit', this.#last);
  }

  /** Starts one broker with its data in `data`. @throws Error with what the script said. */
  static async start(data: string): Promise<Broker> {
    const args = [SCRIPT, 'start', '--json', '--brokers', '1', '--heap', HEAP, '--data', data];
    const { stdout } = await promisify(execFile)(process.execPath, args);
    return new Broker(data, JSON.parse(stdout) as Description);
  }

  async stop(): Promise<void> {
    await promisify(execFile)(process.execPath, [SCRIPT, 'stop', '--data', this.#data]);
    process.off('exit', this.#last);
  }
}
