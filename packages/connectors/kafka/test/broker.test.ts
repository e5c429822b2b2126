import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { expect, test } from 'vitest';

const root = join(import.meta.dirname, '../../../..');

test('Docker and scripts/kafka run the same version', () => {
  const pom = readFileSync(join(root, 'scripts/broker/pom.xml'), 'utf8');
  const compose = readFileSync(join(root, 'compose.yaml'), 'utf8');
  const version = /<kafka\.version>(.+)<\/kafka\.version>/.exec(pom)?.[1];
  expect(version).toMatch(/^4\.\d+\.\d+$/);
  expect(compose).toContain(`image: apache/kafka:${String(version)}\n`);
});

test('every port of compose.yaml is on loopback', () => {
  const ports = [...readFileSync(join(root, 'compose.yaml'), 'utf8').matchAll(/ports: \['(.+)'\]/g)].map(([, port]) => port);
  expect(ports).toHaveLength(4);
  for (const port of ports) expect(port).toMatch(/^127\.0\.0\.1:/);
});

test('scripts/kafka --help names every option', () => {
  const { stdout, status } = kafka(['--help']);
  expect(status).toBe(0);
  for (const option of ['--brokers', '--data', '--node', '--kill', '--sasl', '--tls', '--port', '--heap', '--json'])
    expect(stdout).toContain(option);
});

test.each([
  { what: 'an unknown command', options: ['begin'], says: /no command "begin".*--help/ },
  { what: 'an unknown option', options: ['start', '--fast'], says: /--fast.*--help/ },
  { what: 'two brokers, which have no majority', options: ['start', '--brokers', '2'], says: /--brokers is 1 or 3/ },
  { what: 'a node that cannot be', options: ['stop', '--node', 'x'], says: /--node is a whole number/ },
  { what: 'to stop what was never started', options: ['stop', '--data', join(tmpdir(), 'no-such-cluster')], says: /no cluster in.*start/ },
])('scripts/kafka refuses $what in one line', ({ options, says }) => {
  const { stdout, stderr, status } = kafka(options);
  expect({ status, stdout }).toEqual({ status: 1, stdout: '' });
  expect(stderr).toMatch(says);
  expect(stderr.trim()).not.toContain('\n');
});

test('without Java, scripts/kafka says how to get it', () => {
  const checked = spawnSync(process.execPath, [join(root, 'scripts/broker/kafka.mjs'), 'check'], {
    encoding: 'utf8',
    env: { PATH: '/nowhere' },
  });
  expect(checked.status).toBe(1);
  expect(checked.stdout).toMatch(/no Java.*install/);
});

function kafka(options: string[]): { stdout: string; stderr: string; status: number | null } {
  // As a person calls it: through its name without an ending.
  return spawnSync(join(root, 'scripts/kafka'), options, { encoding: 'utf8' });
}
