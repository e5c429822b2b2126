/** How a recorded reading is put to the gateway. */

import { KidjamoError } from '@kidjamo/stream';

import type { RecordedReading } from './replay-source.ts';
import { post } from './sender.ts';

/** The sender's own count. */
export interface SendCounts {
  sent: number;
  acknowledged: number;
  rejected: number;
}

/** Event time of t = 0, ms. @throws KidjamoError CONFIG_INVALID */
export function parseStart(text: string): number {
  const start = Date.parse(text);
  if (Number.isNaN(start)) throw new KidjamoError('CONFIG_INVALID', '--start must be an ISO 8601 time such as 2024-01-01T00:00:00Z');
  return start;
}

/** A line in the format of POST /api/v1/measurements. A subject has one device, which bears its name. */
export function apiReading(reading: RecordedReading, start: number): string {
  const timestamp = new Date(start + reading.t * 1000).toISOString();
  return JSON.stringify({ patient_id: reading.subject, device_id: `device-${reading.subject}`, timestamp, measurements: reading.vitals });
}

/** Sends lines and counts what was acknowledged. */
export async function postLines(api: string, lines: readonly string[], to: { counts: SendCounts; signal: AbortSignal }): Promise<void> {
  const { status, body } = await post(
    { url: `${api}/api/v1/measurements`, body: lines.join('\n'), type: 'application/x-ndjson', headers: { 'x-kidjamo-import': 'true' } },
    to.signal,
  );
  if (status !== 202 && status !== 422) throw new KidjamoError('INPUT_INVALID', `the gateway answered ${status} to a batch of the replay`);
  const rejected = Number(body['rejected'] ?? (status === 422 ? lines.length : 0));
  to.counts.sent += lines.length;
  to.counts.rejected += rejected;
  to.counts.acknowledged += lines.length - rejected;
}
