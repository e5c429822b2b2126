/** Runs every check on a reading and says what its quality is. */

import type { HeldReading, Reading } from '../../contracts/reading.ts';
import type { CheckContext, QualityCheck } from './check.ts';
import { codeOfFlag, qualityCode } from './codes.ts';
import type { QualityCode } from './codes.ts';
import { DEVICE_CHECKS, MIN_CONFIDENCE, MIN_CONTACT } from './device-checks.ts';
import { HISTORY_CHECKS } from './history-checks.ts';
import { VALUE_CHECKS } from './value-checks.ts';

/** Every check, in the order in which findings are recorded. */
export const QUALITY_CHECKS: readonly QualityCheck[] = [...VALUE_CHECKS, ...HISTORY_CHECKS, ...DEVICE_CHECKS];

/** The quality of a reading. */
export interface Grade {
  /** Names of the checks that found something. */
  readonly findings: readonly string[];
  /** Quality codes of the findings and of the device's own flag, then the names of findings without a code; each once. */
  readonly codes: readonly string[];
  /** The gravest quality code, the first of equals; `ok` when there is none. */
  readonly flag: QualityCode;
  readonly lowConfidence: boolean;
}

const NOTHING: readonly string[] = [];

/** Runs all checks. */
export function gradeReading(reading: Reading | HeldReading, context: CheckContext): Grade {
  let found: QualityCheck[] | undefined;
  for (const check of QUALITY_CHECKS) if (check.check(reading, context)) (found ??= []).push(check);
  const own = codeOfFlag(reading.quality_flag) ?? 'ok';
  const doubtful = isBelow(reading.confidence, MIN_CONFIDENCE) || isBelow(reading.contact, MIN_CONTACT);
  // Most readings are like this; they share one empty list.
  if (found === undefined && own === 'ok') return { findings: NOTHING, codes: NOTHING, flag: 'ok', lowConfidence: doubtful };
  return summarise(found ?? [], own, doubtful);
}

function summarise(found: readonly QualityCheck[], own: QualityCode, doubtful: boolean): Grade {
  const codes: string[] = own === 'ok' ? [] : [own];
  for (const { code } of found) if (code !== undefined && !codes.includes(code)) codes.push(code);
  let flag: QualityCode = 'ok';
  let gravest = 0;
  let lowConfidence = doubtful;
  for (const code of codes) {
    const entry = qualityCode(code);
    if (entry === undefined) continue;
    if (entry.severity > gravest) {
      gravest = entry.severity;
      flag = entry.code;
    }
    if (entry.excludeFromTrends) lowConfidence = true;
  }
  for (const { code, name } of found) if (code === undefined) codes.push(name);
  return { findings: found.map(({ name }) => name), codes, flag, lowConfidence };
}

function isBelow(value: number | undefined, bound: number): boolean {
  return value !== undefined && value < bound;
}
