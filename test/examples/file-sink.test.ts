import { mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sinkConformance } from '@kidjamo/stream/testing';
import { FileSink } from './file-sink.ts';
import { disk, type Files } from './files.ts';

sinkConformance('files', {
  create: async () => {
    const folder = await mkdtemp(join(tmpdir(), 'kidjamo-files-'));
    await writeFile(join(folder, 'not-a-folder'), '');
    const sink = (files: Files = disk, where = folder): FileSink => new FileSink({ log: 'numbers', folder: where, files });
    return {
      sink: sink(),
      second: () => sink(),
      read: () => stored(folder),
      record: (i) => ({ key: `key-${i % 3}`, value: JSON.stringify({ i }) }),
      invalidRecord: { key: 'key-0', value: '{"secret": 7' },
      secrets: ['"secret"'],
      crashBefore: (step) => sink(dyingBefore(step)),
      steps: 4,
      unavailable: () => sink(disk, join(folder, 'not-a-folder')),
      close: () => rm(folder, { recursive: true }),
    };
  },
});

/** The numbers in the files, partition by partition, in the order of their offsets. */
async function stored(folder: string): Promise<string[]> {
  const numbers: string[] = [];
  for (const partition of (await readdir(folder)).filter((name) => /^\d+$/.test(name))) {
    const batches = (await readdir(join(folder, partition))).filter((name) => name.endsWith('.jsonl'));
    for (const batch of batches.sort((a, b) => Number.parseInt(a) - Number.parseInt(b))) {
      const [, ...lines] = (await readFile(join(folder, partition, batch), 'utf8')).trimEnd().split('\n');
      numbers.push(...lines.map((line) => String((JSON.parse(line) as { i: number }).i)));
    }
  }
  return numbers;
}

/** Files of a process that dies before the `step`-th effect of a write, and does nothing afterwards. */
function dyingBefore(step: number): Files {
  let effects = 0;
  let writing = false;
  const effect = async (action: () => Promise<void>): Promise<void> => {
    if (writing && ++effects >= step) throw new Error('this process has died');
    await action();
  };
  return {
    list: (folder) => disk.list(folder),
    read: (path) => disk.read(path),
    write: (path, text, signal) => {
      // The files of fences come from opening.
      writing ||= path.endsWith('.part');
      return effect(() => disk.write(path, text, signal));
    },
    link: (path, name) => effect(() => disk.link(path, name)),
    sync: (folder) => effect(() => disk.sync(folder)),
    remove: (path) => effect(() => disk.remove(path)),
  };
}
