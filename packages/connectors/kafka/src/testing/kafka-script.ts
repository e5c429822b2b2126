/** `scripts/kafka`, as tests call it. */

import { execFile, spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { KidjamoError } from '@kidjamo/stream';

const script = join(import.meta.dirname, '../../../../../scripts/broker/kafka.mjs');

/** The exit code of `scripts/kafka status` when not everything runs. */
const NOT_ALL = 3;

/** What `scripts/kafka start --json` says of a cluster. */
export interface ClusterDescription {
  /** Addresses of the listener without security, separated by commas. */
  readonly servers: string;
  /** Addresses by the name of the listener: PLAINTEXT, SASL, TLS, MTLS, SASL_TLS. */
  readonly listeners: Readonly<Record<string, string>>;
  readonly nodes: readonly { readonly id: number; readonly pid?: number }[];
  /** The user of the listeners with SASL. */
  readonly sasl?: { readonly username: string; readonly password: string };
  /** Files: the authority that signed the brokers' certificate; certificate and key of a client. */
  readonly tls?: { readonly ca: string; readonly cert: string; readonly key: string };
}

/** Runs a command of the script to its end. @throws KidjamoError LOG_UNAVAILABLE with what it said. */
export async function kafkaScript(command: 'start' | 'stop' | 'status', ...options: string[]): Promise<string> {
  try {
    const { stdout } = await promisify(execFile)(process.execPath, [script, command, '--json', ...options]);
    return stdout;
  } catch (error) {
    // Its answer when not everything runs is an answer.
    if (command === 'status' && error instanceof Error && 'code' in error && error.code === NOT_ALL && 'stdout' in error)
      return String(error.stdout);
    throw new KidjamoError('LOG_UNAVAILABLE', `scripts/kafka ${command} failed: ${errorText(error)}`, { cause: error });
  }
}

/** The same, waiting without letting anything else run: for the end of a process. */
export function kafkaScriptNow(command: 'stop', ...options: string[]): void {
  spawnSync(process.execPath, [script, command, ...options]);
}

/** What this machine lacks to run a broker, with the remedy; undefined when it lacks nothing. */
export function missingForKafka(): string | undefined {
  const checked = spawnSync(process.execPath, [script, 'check'], { encoding: 'utf8' });
  return checked.status === 0 ? undefined : `${checked.stdout}${checked.stderr}`.trim();
}

function errorText(error: unknown): string {
  const said = error instanceof Error && 'stderr' in error ? String(error.stderr).trim() : '';
  return said === '' ? String(error) : said;
}
