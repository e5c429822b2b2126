/**
 * One process at a time uses a folder. Node has no lock that the system frees by itself, so a claim is a file named after the process: its id, the moment of its
 * start, and the boot. Everyone writes its claim before it looks at the others', so of two at once at least one sees the other and withdraws. The claim of a
 * process that no longer runs counts for nothing, and its name is never used again. Processes must see each other: one machine, one container.
 */

import { mkdir, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { DeviceKitError } from '../errors.ts';

/** Takes the folder. @returns what gives it back. @throws DeviceKitError LOCKED. */
export async function lockFolder(folder: string): Promise<() => Promise<void>> {
  const claims = join(folder, 'lock');
  await mkdir(claims, { recursive: true, mode: 0o700 });
  const boot = await bootId();
  const name = `${process.pid}.${(await startOf(process.pid)) ?? '0'}.${boot}`;
  const own = join(claims, name);
  await writeFile(own, '', { flag: 'wx', mode: 0o600 }).catch((error: unknown) => {
    throw (error as NodeJS.ErrnoException).code === 'EEXIST'
      ? new DeviceKitError('LOCKED', 'this process has already opened this folder: close the other kit first')
      : error;
  });
  for (const other of await readdir(claims)) {
    if (other === name) continue;
    if (!(await runs(other, boot))) {
      await rm(join(claims, other), { force: true });
      continue;
    }
    await rm(own, { force: true });
    throw new DeviceKitError(
      'LOCKED',
      `process ${other.split('.')[0] ?? ''} uses this folder: end it, or give each kit a folder of its own`,
    );
  }
  return () => rm(own, { force: true });
}

async function runs(claim: string, boot: string): Promise<boolean> {
  const [pid, start, when] = claim.split('.');
  if (when !== boot) return false;
  try {
    process.kill(Number(pid), 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false;
  }
  const now = await startOf(Number(pid));
  // Where starts are not told, a running process of that id counts.
  return now === undefined || now === start;
}

/** When a process started, in ticks since the boot. Undefined where the system does not tell. */
async function startOf(pid: number): Promise<string | undefined> {
  const line = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => undefined);
  // The name in parentheses may hold spaces.
  return line?.slice(line.lastIndexOf(')') + 2).split(' ')[19];
}

async function bootId(): Promise<string> {
  const id = await readFile('/proc/sys/kernel/random/boot_id', 'utf8').catch(() => 'unknown');
  return id.trim();
}
