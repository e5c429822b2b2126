/** Brings the jars of the broker from Maven Central, once for all clones of a user. Plain JavaScript for Node.js 18 or newer. */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Failure } from './failure.mjs';

const here = dirname(fileURLToPath(import.meta.url));

/** The oldest Java that this version of the broker runs on. */
const JAVA = 17;

/** How long Maven may take (ms): 45 megabytes over a slow line. */
const MAVEN_MS = 600_000;

/** What is missing on this machine to run a broker, in words with the remedy; undefined when everything is there. */
export function missingTools() {
  const java = spawnSync('java', ['-version'], { encoding: 'utf8' });
  if (java.error !== undefined || java.status !== 0) {
    return `There is no Java. Remedy: install Java ${JAVA} or newer (Debian: apt-get install default-jre-headless).`;
  }
  const version = Number(/version "(\d+)/.exec(java.stderr)?.[1] ?? Number.NaN);
  if (version < JAVA) return `Java ${version} is too old. Remedy: install Java ${JAVA} or newer, and put it first on the PATH.`;
  if (existsSync(folderOfJars())) return undefined;
  const maven = spawnSync('mvn', ['-v'], { encoding: 'utf8' });
  if (maven.error !== undefined || maven.status !== 0) {
    return 'There is no Maven to fetch the broker. Remedy: install it (Debian: apt-get install maven).';
  }
  return undefined;
}

/** The version of Apache Kafka that the pom names. */
export function kafkaVersion() {
  return /<kafka\.version>(.+?)<\/kafka\.version>/.exec(pom())[1];
}

/** The folder with the jars; fetches them when they are not there. Whole or not at all: a rename puts them in place, and the first process wins. */
export function jars() {
  const lack = missingTools();
  if (lack !== undefined) throw new Failure(lack);
  const folder = folderOfJars();
  if (existsSync(folder)) return folder;
  mkdirSync(dirname(folder), { recursive: true });
  const fresh = mkdtempSync(`${folder}.`);
  try {
    console.error(`Fetching Apache Kafka ${kafkaVersion()} from Maven Central (45 MB, once)`);
    copyDependencies(fresh);
    putInPlace(fresh, folder);
  } finally {
    rmSync(fresh, { recursive: true, force: true });
  }
  return folder;
}

function copyDependencies(target) {
  const maven = spawnSync('mvn', ['-q', '-B', '-f', join(here, 'pom.xml'), 'dependency:copy-dependencies', `-DoutputDirectory=${target}`], {
    encoding: 'utf8',
    timeout: MAVEN_MS,
  });
  if (maven.status === 0) return;
  const said = `${maven.stdout}${maven.stderr}`.split('\n').slice(0, 12).join('\n');
  const how = maven.error?.message ?? `ended with ${maven.signal ?? maven.status}`;
  throw new Failure(
    `${said}\nMaven ${how}. Remedy: see above; no network, or a proxy that ~/.m2/settings.xml does not name, is the usual cause.`,
  );
}

function putInPlace(fresh, folder) {
  try {
    renameSync(fresh, folder);
  } catch (error) {
    // Another process was faster; its jars are the same.
    if (error.code !== 'ENOTEMPTY' && error.code !== 'EEXIST') throw error;
  }
}

/** Named after what the pom says, so that another version never meets the jars of this one. */
function folderOfJars() {
  const cache = process.env.XDG_CACHE_HOME || join(homedir(), '.cache');
  const digest = createHash('sha256').update(pom()).digest('hex').slice(0, 12);
  return join(cache, 'kidjamo', `kafka-${kafkaVersion()}-${digest}`);
}

function pom() {
  return readFileSync(join(here, 'pom.xml'), 'utf8');
}
