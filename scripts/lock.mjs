/** A lock between processes: a file that holds the process id of its owner. Plain JavaScript for Node.js 18 or newer. */
import { linkSync, readFileSync, rmSync, writeFileSync } from 'node:fs';

/** Takes the lock, by linking a file that already holds our process id, so that nobody ever sees an empty lock. Says once that it waits. Resolves with what gives it back. */
export async function acquire(lock, waiting) {
  const mine = `${lock}.${process.pid}`;
  writeFileSync(mine, String(process.pid));
  const release = () => {
    rmSync(lock, { force: true });
  };
  try {
    for (let told = false; ;) {
      try {
        linkSync(mine, lock);
        break;
      } catch (error) {
        if (error.code !== 'EEXIST') throw error;
      }
      const owner = ownerOf(lock);
      if (owner !== undefined && !isAlive(owner)) {
        release();
      } else {
        if (!told) console.error(waiting);
        told = true;
        await new Promise((resolve) => setTimeout(resolve, 300));
      }
    }
  } finally {
    rmSync(mine, { force: true });
  }
  process.once('exit', release);
  return release;
}

function ownerOf(file) {
  try {
    return Number(readFileSync(file, 'utf8'));
  } catch (error) {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  }
}

function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === 'EPERM';
  }
}
