import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { commandLine } from '../../apps/host/src/cli/main.ts';
import { SETTINGS } from '../../apps/host/src/config/settings.ts';

const root = join(import.meta.dirname, '../..');
const documents = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard', '*.md'], { cwd: root, encoding: 'utf8' })
  .split('\n')
  .filter((path) => path !== '' && existsSync(join(root, path)));

const metrics = readFileSync(join(root, 'docs/reference/metrics.md'), 'utf8');

/** Variables that are for tests, not for people who run Kidjamo. */
const FOR_TESTS = new Set([
  'KIDJAMO_AWAY_SECONDS',
  'KIDJAMO_CHROMIUM',
  'KIDJAMO_LEDGER_MODES',
  'KIDJAMO_LEDGER_READINGS',
  'KIDJAMO_PYTHON',
  'KIDJAMO_SEED',
  'KIDJAMO_SUITE',
]);

/** What a document links to in this repository. */
const links = (text: string): string[] =>
  Array.from(text.matchAll(/\]\((?<target>[^)\s]+)\)/g), ({ groups }) => groups?.['target'] ?? '')
    .filter((target) => !/^[a-z]+:|^#/.test(target))
    .map((target) => target.replace(/#.*$/, ''));

test('there are documents', () => {
  expect(documents).toContain('README.md');
  expect(documents).toContain('ARCHITECTURE.md');
});

describe.each(documents)('%s', (path) => {
  const text = readFileSync(join(root, path), 'utf8');

  test('links to what is there', () => {
    expect(links(text).filter((target) => !existsSync(join(root, dirname(path), target)))).toEqual([]);
  });

  test('names files that are there', () => {
    const named = Array.from(
      text.matchAll(/`(?<file>(?:packages|apps|test|scripts|docs|bin)\/[\w./-]+\.\w+)`/g),
      ({ groups }) => groups?.['file'] ?? '',
    );
    expect(named.filter((file) => !existsSync(join(root, file)))).toEqual([]);
  });

  test('names settings and metrics that exist', () => {
    const settings = Array.from(text.matchAll(/\bKIDJAMO_[A-Z_]+[A-Z]\b/g), ([name]) => name);
    expect(settings.filter((name) => !(name in SETTINGS) && !FOR_TESTS.has(name))).toEqual([]);
    const measured = Array.from(text.matchAll(/\bkidjamo_[a-z_]+[a-z]\b/g), ([name]) => name);
    expect(measured.filter((name) => !metrics.includes(`| \`${name}\` |`))).toEqual([]);
  });
});

test('the README has every command, and no other', () => {
  const program = commandLine(() => undefined);
  const commands = program.commands.flatMap((command) =>
    command.commands.length === 0 ? [command.name()] : command.commands.map((inner) => `${command.name()} ${inner.name()}`),
  );
  const rows = readFileSync(join(root, 'README.md'), 'utf8').matchAll(/^\| `npm run kidjamo -- (?<command>[a-z -]*[a-z])/gm);
  expect(Array.from(rows, ({ groups }) => groups?.['command']).sort()).toEqual(commands.sort());
});

test.each(['file-sink.ts', 'files.ts', 'file-sink.test.ts'])('the guide to sinks quotes the whole of %s', (file) => {
  const guide = readFileSync(join(root, 'docs/guides/adding-a-sink.md'), 'utf8');
  expect(guide).toContain(`\`\`\`ts file=test/examples/${file}\n${readFileSync(join(root, 'test/examples', file), 'utf8')}\`\`\``);
});
