/** Whether alarms trust a reading. */

import type { HeldReading, Reading } from '../../contracts/reading.ts';
import { qualityCode } from './codes.ts';
import { MIN_CONFIDENCE, MIN_CONTACT } from './device-checks.ts';
import type { Grade } from './grade.ts';

/**
 * Of low confidence, and not for a flat line alone: by the tolerances in use nearly every temperature is flat, and then no alarm would ever
 * clear. Alarms look for flat lines by themselves, as technical rules.
 */
export function isDoubtful({ confidence = 100, contact = 100 }: Reading | HeldReading, { codes }: Pick<Grade, 'codes'>): boolean {
  if (confidence < MIN_CONFIDENCE || contact < MIN_CONTACT) return true;
  return codes.some((code) => code !== 'flatline' && qualityCode(code)?.excludeFromTrends === true);
}
