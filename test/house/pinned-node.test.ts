import { spawn, type ChildProcessByStdio } from 'node:child_process';
import { once } from 'node:events';
import type { Readable } from 'node:stream';
import { afterEach, expect, test } from 'vitest';

const launcher = JSON.stringify(new URL('../../bin/pinned-node.mjs', import.meta.url).href);
const started: ChildProcessByStdio<null, Readable, Readable>[] = [];

afterEach(() => {
  for (const one of started.splice(0)) one.kill('SIGKILL');
});

/** A wrapper, as an old Node.js would run it, around a program. */
const wrap = (program: string) => {
  const code = `const { runPinned } = await import(${launcher}); runPinned(['--input-type=module', '-e', ${JSON.stringify(program)}]);`;
  const wrapper = spawn(process.execPath, ['--input-type=module', '-e', code], { stdio: ['ignore', 'pipe', 'pipe'] });
  started.push(wrapper);
  const lines: string[] = [];
  const closed = once(wrapper.stdout, 'end');
  wrapper.stdout.setEncoding('utf8').on('data', (text: string) => lines.push(...text.split('\n').filter((line) => line !== '')));
  const said = async (line: string): Promise<void> => {
    while (!lines.includes(line)) await once(wrapper.stdout, 'data');
  };
  return { wrapper, lines, said, closed };
};

/** Says which signals it gets, and ends at the first SIGTERM after a moment in which a second one would show. */
const listener = `
  const { followParent } = await import(${launcher});
  followParent();
  process.on('SIGINT', () => console.log('SIGINT'));
  process.on('SIGTERM', () => { console.log('SIGTERM'); setTimeout(() => process.exit(7), 50); });
  setInterval(() => {}, 1000);
  console.log('ready');
`;

test('the exit code and the output are those of the program', async () => {
  const { wrapper, lines } = wrap(`console.log(process.version); process.exit(42);`);
  expect(await once(wrapper, 'close')).toEqual([42, null]);
  expect(lines).toEqual([expect.stringMatching(/^v24\./)]);
});

test('a program that dies of a signal makes the wrapper die of the same one', async () => {
  const { wrapper } = wrap(`process.kill(process.pid, 'SIGKILL'); setInterval(() => {}, 1000);`);
  expect(await once(wrapper, 'close')).toEqual([null, 'SIGKILL']);
});

test('a signal reaches the program once, even when it is sent twice at once', async () => {
  const { wrapper, lines, said } = wrap(listener);
  await said('ready');
  wrapper.kill('SIGINT');
  await said('SIGINT');
  wrapper.kill('SIGINT');
  wrapper.kill('SIGTERM');
  expect(await once(wrapper, 'close')).toEqual([7, null]);
  expect(lines).toEqual(['ready', 'SIGINT', 'SIGTERM']);
});

test('a program does not outlive a wrapper that was killed', async () => {
  const { wrapper, lines, said, closed } = wrap(listener);
  await said('ready');
  wrapper.kill('SIGKILL');
  // The program holds the other end of the pipe: it ends when the program does.
  await closed;
  expect(lines).toEqual(['ready', 'SIGTERM']);
});
