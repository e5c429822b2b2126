/** The machine that a measurement was made on. Nothing that names it. */

import { arch, cpus, platform, release, totalmem } from 'node:os';

export interface Machine {
  readonly cpu: string;
  readonly cores: number;
  readonly memoryGib: number;
  readonly system: string;
  readonly node: string;
  /** Undefined when no scenario used it. */
  readonly postgresql?: string;
}

export function thisMachine(postgresql?: string): Machine {
  const all = cpus();
  return {
    cpu: all[0]?.model.trim() ?? 'unknown',
    cores: all.length,
    memoryGib: Math.round(totalmem() / 2 ** 30),
    system: `${platform()} ${release()} ${arch()}`,
    node: process.version,
    ...(postgresql === undefined ? {} : { postgresql }),
  };
}
