/** Builds the peer with Maven, once for its sources: bench/peers/kafka-streams, into the cache of the user. */

import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { cp, glob, mkdir, mkdtemp, readFile, rename, rm } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { KidjamoError } from '@kidjamo/stream';

const SOURCES = join(import.meta.dirname, '../peers/kafka-streams');
/** 100 MB over a slow line. */
const BUILT_WITHIN_MS = 600_000;
const JARS = 'target/jars';

/** The class path of the peer. @throws KidjamoError CONFIG_INVALID with what Maven said. */
export async function buildPeer(say: (line: string) => void): Promise<string> {
  const cache = join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'kidjamo');
  const built = join(cache, `kafka-streams-peer-${await digest()}`);
  if (!existsSync(built)) {
    say('building the Kafka Streams application with Maven (100 MB from Maven Central, once)');
    await mkdir(cache, { recursive: true });
    const fresh = await mkdtemp(`${built}.`);
    try {
      await cp(SOURCES, fresh, { recursive: true });
      const goals = ['package', 'dependency:copy-dependencies', `-DoutputDirectory=${join(fresh, JARS)}`];
      await promisify(execFile)('mvn', ['-q', '-B', ...goals], { cwd: fresh, timeout: BUILT_WITHIN_MS }).catch(failed);
      await rename(fresh, built);
    } finally {
      await rm(fresh, { recursive: true, force: true });
    }
  }
  return `${join(built, 'target/peer.jar')}:${join(built, JARS)}/*`;
}

function failed(error: unknown): never {
  const said = error instanceof Error && 'stdout' in error ? String(error.stdout).split('\n').slice(0, 12).join('\n') : '';
  throw new KidjamoError(
    'CONFIG_INVALID',
    `${said}\nThe Kafka Streams application could not be built: ${error instanceof Error ? error.message : 'Maven failed'}. ` +
      'Remedy: install a JDK 17 and Maven (Debian: apt-get install openjdk-17-jdk-headless maven), and see that Maven Central can be reached',
    { cause: error },
  );
}

async function digest(): Promise<string> {
  const hash = createHash('sha256');
  const files: string[] = [];
  for await (const file of glob('{pom.xml,src/**/*.java}', { cwd: SOURCES })) files.push(file);
  for (const file of files.sort()) hash.update(file).update(await readFile(join(SOURCES, file)));
  return hash.digest('hex').slice(0, 12);
}
