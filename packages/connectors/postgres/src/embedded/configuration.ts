/**
 * The configuration of the embedded server, written anew at every start. It lies beside the data folder, not in it: as root, nothing is
 * ever written into a folder that another user owns.
 */

import { chmod, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { program } from './server-binaries.ts';
import type { ServerBinaries } from './server-binaries.ts';
import { run } from './server-user.ts';
import type { ServerUser } from './server-user.ts';

/** Files that the server is started with. */
export interface ServerConfiguration {
  readonly configFile: string;
  readonly hbaFile: string;
}

/** Passwords only, over loopback only. */
const HBA = 'host all all 127.0.0.1/32 scram-sha-256\n';

function settings(lz4: boolean): Record<string, string> {
  return {
    // Who may reach it.
    listen_addresses: "'127.0.0.1'",
    unix_socket_directories: "''",
    password_encryption: "'scram-sha-256'",
    // A worker with all its roles takes up to 26, a gateway 10; those of a process that was killed are given back a moment later.
    max_connections: '200',
    // A commit is an acknowledgement: it must survive the loss of power.
    fsync: 'on',
    synchronous_commit: 'on',
    full_page_writes: 'on',
    // Memory and write-ahead log.
    shared_buffers: "'256MB'",
    max_wal_size: "'2GB'",
    checkpoint_timeout: "'15min'",
    // pglz costs more processor time than the bytes it saves are worth.
    wal_compression: lz4 ? "'lz4'" : 'off',
    default_toast_compression: lz4 ? "'lz4'" : "'pglz'",
    // Engagement events will be captured by logical replication.
    wal_level: "'logical'",
    // Small tables with many updates (offsets, leases, state) bloat quickly.
    autovacuum_naptime: "'10s'",
    autovacuum_vacuum_scale_factor: '0.05',
    autovacuum_vacuum_threshold: '200',
    // Statements are short: compiling them costs more than it saves.
    jit: 'off',
    // A query whose client died is stopped, so that it holds no locks.
    client_connection_check_interval: "'5s'",
    timezone: "'UTC'",
    log_timezone: "'UTC'",
    lc_messages: "'C'",
    // Errors of statements may quote values of patients: only the life of the server itself is logged, without details and statements.
    logging_collector: 'off',
    log_destination: "'stderr'",
    log_min_messages: "'log'",
    log_min_error_statement: "'panic'",
    log_error_verbosity: "'terse'",
    log_checkpoints: 'off',
  };
}

/** Writes the configuration into `folder`, which the server's user must be able to enter. */
export async function writeConfiguration(
  folder: string,
  server: { binaries: ServerBinaries; dataFolder: string; user: ServerUser | undefined },
): Promise<ServerConfiguration> {
  const lines = Object.entries(settings(await hasLz4(server))).map(([name, value]) => `${name} = ${value}`);
  const configFile = join(folder, 'postgresql.conf');
  const hbaFile = join(folder, 'pg_hba.conf');
  await replaceFile(configFile, `${lines.join('\n')}\n`);
  await replaceFile(hbaFile, HBA);
  return { configFile, hbaFile };
}

/** The builds differ by platform; the server itself tells what it was built with. */
async function hasLz4(server: { binaries: ServerBinaries; dataFolder: string; user: ServerUser | undefined }): Promise<boolean> {
  const args = ['-D', server.dataFolder, '-c', 'wal_compression=lz4', '-C', 'wal_compression'];
  return (await run(program(server.binaries, 'postgres'), args, server.user)).code === 0;
}

/** Leaves the file alone when it is right, so that a full disk does not keep a server from starting. */
async function replaceFile(path: string, text: string): Promise<void> {
  if ((await readFile(path, 'utf8').catch(() => undefined)) === text) return;
  await writeFile(`${path}.new`, text);
  // Whatever the umask: the server's user reads it, and it holds no secret.
  await chmod(`${path}.new`, 0o644);
  await rename(`${path}.new`, path);
}
