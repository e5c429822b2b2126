/** What the file sink does to the outside world: four effects and two looks. A sink for a database would have its driver here. */
import { link, mkdir, open, readFile, readdir, rm } from 'node:fs/promises';

export interface Files {
  /** The names in a folder, which is made where it is missing. */
  list(folder: string): Promise<readonly string[]>;
  read(path: string): Promise<string>;
  /** Writes a new file, whole and durable, or rejects. */
  write(path: string, text: string, signal?: AbortSignal): Promise<void>;
  /** Gives a file a second name in one step. Rejects with EEXIST if that name is taken. */
  link(path: string, name: string): Promise<void>;
  /** Makes the names of the folder durable: a new name is, only once its folder is. */
  sync(folder: string): Promise<void>;
  remove(path: string): Promise<void>;
}

/** The real ones. */
export const disk: Files = {
  list: async (folder) => {
    await mkdir(folder, { recursive: true });
    return await readdir(folder);
  },
  read: (path) => readFile(path, 'utf8'),
  write: async (path, text, signal) => {
    await using file = await open(path, 'wx');
    await file.writeFile(text, signal === undefined ? {} : { signal });
    await file.sync();
  },
  link,
  sync: async (folder) => {
    await using handle = await open(folder, 'r');
    await handle.sync();
  },
  remove: (path) => rm(path, { force: true }),
};
