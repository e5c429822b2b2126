/** The home folder (KIDJAMO_HOME): keys, embedded database, lake and what is known of the running instance. */

import { mkdir, realpath } from 'node:fs/promises';
import { resolve } from 'node:path';

import type { Clock } from '@kidjamo/stream';
import { KidjamoError } from '@kidjamo/stream';

import { lockHome } from './home-lock.ts';
import { removeInstance, writeInstance } from './instance-file.ts';
import type { Instance } from './instance-file.ts';
import { openKeys } from './key-file.ts';
import type { Keys } from './key-file.ts';

/** A home that this process owns. */
export interface Home {
  /** Absolute. */
  readonly path: string;
  /** The secrets, made at first use. See {@link openKeys}. */
  keys(env: Readonly<Record<string, string | undefined>>): Promise<Keys>;
  /** Tells other commands of this instance. */
  announce(instance: Omit<Instance, 'pid'>): Promise<void>;
  /** Gives the home back, the announcement first. Idempotent. */
  close(): Promise<void>;
}

/** How to open a home. */
export interface HomeOptions {
  /** The folder; made, closed to others, when it does not exist. Relative to the working folder. */
  readonly path: string;
  readonly clock: Clock;
}

/**
 * Opens a home and takes ownership of it. A lock left by a process that was killed is taken over.
 * @throws KidjamoError HOME_LOCKED when another process owns it; CONFIG_INVALID when the folder cannot be used; DISK_FULL.
 */
export async function openHome(options: HomeOptions): Promise<Home> {
  const wanted = resolve(options.path);
  try {
    await mkdir(wanted, { recursive: true, mode: 0o700 });
    const path = await realpath(wanted);
    const lock = await lockHome(path, options.clock);
    return {
      path,
      keys: (env) => openKeys(path, env),
      announce: (instance) => writeInstance(path, instance),
      close: async () => {
        await removeInstance(path);
        await lock.release();
      },
    };
  } catch (error) {
    throw unusable(error, wanted);
  }
}

function unusable(error: unknown, path: string): unknown {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  if (error instanceof KidjamoError || code === '') return error;
  if (code === 'ENOSPC' || code === 'EDQUOT') {
    return new KidjamoError(
      'DISK_FULL',
      `no space is left for the home folder ${path}. Remedy: free space, or set KIDJAMO_HOME to another disk`,
    );
  }
  return new KidjamoError(
    'CONFIG_INVALID',
    `the home folder ${path} cannot be used (${code}). Remedy: set KIDJAMO_HOME to a folder that you may write to`,
    {
      cause: error,
    },
  );
}
