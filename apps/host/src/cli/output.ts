/** How commands speak: results on standard output, progress and remarks on standard error. */

import { hasCode, KidjamoError } from '@kidjamo/stream';
import { Presets, SingleBar } from 'cli-progress';

import { describeError } from '../roles/logger.ts';

/** Prints a result: one JSON value with `--json`, else the lines given. */
export function print(json: boolean, value: unknown, lines: readonly string[]): void {
  process.stdout.write(json ? `${JSON.stringify(value)}\n` : `${lines.join('\n')}\n`);
}

/** A remark for the person at the terminal. */
export function remark(line: string): void {
  process.stderr.write(`${line}\n`);
}

/** Prints the JSON of a failure. */
export function printFailure(code: string, message: string): void {
  process.stdout.write(`${JSON.stringify({ ok: false, error: { code, message } })}\n`);
}

/** Prints why a command failed, and gives its exit code. */
export function fail(error: unknown, json: boolean): number {
  const { code, message } = describeError(error);
  const text = message ?? (error instanceof Error ? error.message : String(error));
  if (json) printFailure(code, text);
  else remark(`kidjamo: ${text}`);
  return hasCode(error, 'CONFIG_INVALID') ? 2 : 1;
}

/** A progress bar; silent where nobody looks. */
export interface Progress {
  update(done: number, detail: Readonly<Record<string, string | number>>): void;
  stop(): void;
}

/** `format` may use {bar}, {percentage}, {eta_formatted}, {duration_formatted} and the members of `detail`. */
export function progressBar(format: string, total: number, detail: Readonly<Record<string, string | number>>): Progress {
  if (!process.stderr.isTTY) return { update: () => undefined, stop: () => undefined };
  const bar = new SingleBar(
    { format, stream: process.stderr, hideCursor: true, clearOnComplete: false, etaBuffer: 50 },
    Presets.shades_classic,
  );
  bar.start(total, 0, detail);
  return {
    update: (done, now) => {
      bar.update(Math.min(done, total), now);
    },
    stop: () => {
      bar.stop();
    },
  };
}

/** Parses an option that must be a whole number within bounds. */
export function wholeNumber(name: string, min: number, max: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (!Number.isInteger(value) || value < min || value > max) {
      throw new KidjamoError('CONFIG_INVALID', `${name} must be a whole number from ${min} to ${max}`);
    }
    return value;
  };
}
