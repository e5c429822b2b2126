import { readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterEach, beforeEach, expect, test } from 'vitest';

import { prepareRecording } from '../scenarios/recording.ts';

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'kidjamo-recording-'));
});

afterEach(async () => {
  await rm(folder, { recursive: true });
});

const text = (path: string): string => gunzipSync(readFileSync(path)).toString();

test('keeps every reading in both orders, and the order of a patient', async () => {
  const source = join(folder, 'in.csv');
  await writeFile(source, 'source,subject,t,heart_rate\nx,a,0,60\nx,a,10,61\nx,a,10,62\nx,b,0,70\nx,b,5,71\n');
  const recording = await prepareRecording(source, folder);
  expect(recording.readings).toBe(5);
  expect(text(recording.file)).toBe(readFileSync(source, 'utf8'));
  expect(text(recording.sorted)).toBe('source,subject,t,heart_rate\nx,a,0,60\nx,b,0,70\nx,b,5,71\nx,a,10,61\nx,a,10,62\n');
  expect((await prepareRecording(source, folder, 3)).readings).toBe(3);
});
