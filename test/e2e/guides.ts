/** The commands of the guides, run as they stand there, by the tools that they name. */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

const ROOT = join(import.meta.dirname, '../..');

/** Other people's programs: on the path, but for the Python that has kafka-python, which `.ci/run` puts here. */
export const PYTHON =
  process.env['KIDJAMO_PYTHON'] ?? join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'kidjamo/python/bin/python');

/** What of these programs is not there, with the remedy; undefined when all are. */
export function missingTools(): string | undefined {
  const folders = (process.env['PATH'] ?? '').split(':');
  const missing = ['kcat', 'mosquitto_pub'].filter((name) => !folders.some((folder) => existsSync(join(folder, name))));
  if (!existsSync(PYTHON)) missing.push('a Python with kafka-python (KIDJAMO_PYTHON)');
  return missing.length === 0 ? undefined : `${missing.join(', ')} not found. Remedy: install kcat, mosquitto-clients and kafka-python.`;
}

/** The block of code in `language` that has `mark` in it. */
export async function snippet(guide: string, language: 'sh' | 'python', mark: string): Promise<string> {
  const text = await readFile(join(ROOT, 'docs/guides', guide), 'utf8');
  const blocks = [...text.matchAll(new RegExp(`\`\`\`${language}\n([^]*?)\`\`\``, 'g'))].map(([, code = '']) => code);
  const found = blocks.filter((code) => code.includes(mark));
  const [code] = found;
  if (code === undefined || found.length > 1) throw new Error(`${guide} has ${found.length} examples in ${language} with ${mark}`);
  return code;
}

/** Replaces what differs here from the guide; a thing that the guide does not say fails. */
export function adapt(code: string, replacements: Readonly<Record<string, string>>): string {
  return Object.entries(replacements).reduce((text, [from, to]) => {
    if (!text.includes(from)) throw new Error(`the example does not say ${from}`);
    return text.replaceAll(from, to);
  }, code);
}

/** Lines that a program prints until it ends, or until there are `enough`: then it is ended. */
export async function linesOf(program: string, args: readonly string[], enough = Number.POSITIVE_INFINITY): Promise<string[]> {
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  let said = '';
  child.stderr.on('data', (chunk: Buffer) => (said += chunk.toString()));
  const ended = new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  const lines: string[] = [];
  for await (const line of createInterface({ input: child.stdout })) {
    lines.push(line);
    if (lines.length >= enough) break;
  }
  if (lines.length >= enough) {
    child.kill('SIGKILL');
    await ended;
    return lines;
  }
  const code = await ended;
  if (code !== 0) throw new Error(`${program} ended with ${String(code)}: ${said}`);
  return lines;
}
