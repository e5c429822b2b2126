/** Certificates and keys that settings name. */

import { readFile } from 'node:fs/promises';

import { KidjamoError } from '@kidjamo/stream';

/**
 * The texts of the files that are named; `files` has the path by the last word of the setting, and an empty path means none.
 * @throws KidjamoError CONFIG_INVALID naming the setting, such as `KAFKA_SSL_CA`.
 */
export async function readPemFiles<N extends string>(prefix: string, files: Readonly<Record<N, string>>): Promise<{ [K in N]?: string }> {
  const texts: { [K in N]?: string } = {};
  for (const name of Object.keys(files) as N[]) {
    if (files[name] === '') continue;
    try {
      texts[name] = await readFile(files[name], 'utf8');
    } catch (cause) {
      throw new KidjamoError('CONFIG_INVALID', `${prefix}_${name.toUpperCase()} must name a PEM file that can be read`, { cause });
    }
  }
  return texts;
}
