/** The quality codes of the medical record (reference systems, A5). The table `measurement_quality` holds the same; a test compares the two. */

/** What a code means for whoever uses the reading. */
export interface QualityCodeEntry {
  readonly code: string;
  /** 0 (fine) to 3 (worthless). */
  readonly severity: number;
  /** Readings with it are left out of trends, and count as low confidence. */
  readonly excludeFromTrends: boolean;
  /** A person should look at it. */
  readonly manualReview: boolean;
  readonly meaning: string;
}

/**
 * The 14 codes. `out_of_range` marks and never excludes: an implausible value may be the very patient the system exists for (clinical
 * reference, section 1, which wins over the older table here).
 */
export const QUALITY_CODES = [
  { code: 'ok', severity: 0, excludeFromTrends: false, manualReview: false, meaning: 'Nothing is wrong.' },
  { code: 'calibrating', severity: 1, excludeFromTrends: true, manualReview: false, meaning: 'The sensor is being calibrated.' },
  { code: 'user_removed', severity: 1, excludeFromTrends: true, manualReview: false, meaning: 'The device is off the wrist, or charging.' },
  { code: 'motion', severity: 2, excludeFromTrends: true, manualReview: false, meaning: 'Movement disturbs the measurement.' },
  { code: 'low_signal', severity: 2, excludeFromTrends: true, manualReview: false, meaning: 'The signal is weak.' },
  { code: 'low_perfusion', severity: 2, excludeFromTrends: true, manualReview: false, meaning: 'Too little blood flow under the sensor.' },
  {
    code: 'noise',
    severity: 2,
    excludeFromTrends: true,
    manualReview: false,
    meaning: 'The signal is noisy, or changes faster than a body can.',
  },
  { code: 'battery_low', severity: 2, excludeFromTrends: false, manualReview: false, meaning: 'The battery is nearly empty.' },
  { code: 'sensor_drop', severity: 3, excludeFromTrends: true, manualReview: true, meaning: 'A sensor lost the body.' },
  { code: 'signal_loss', severity: 3, excludeFromTrends: true, manualReview: true, meaning: 'The signal was lost.' },
  {
    code: 'out_of_range',
    severity: 3,
    excludeFromTrends: false,
    manualReview: true,
    meaning: 'A value lies outside the range of what is plausible.',
  },
  { code: 'checksum_fail', severity: 3, excludeFromTrends: true, manualReview: true, meaning: 'The data were damaged on their way.' },
  { code: 'device_error', severity: 3, excludeFromTrends: true, manualReview: true, meaning: 'The device is faulty or set up wrongly.' },
  {
    code: 'flatline',
    severity: 3,
    excludeFromTrends: true,
    manualReview: true,
    meaning: 'A value does not move as a living body makes it move.',
  },
] as const satisfies readonly QualityCodeEntry[];

/** One of the 14 codes. */
export type QualityCode = (typeof QUALITY_CODES)[number]['code'];

const BY_CODE: ReadonlyMap<string, QualityCodeEntry & { readonly code: QualityCode }> = new Map(
  QUALITY_CODES.map((entry) => [entry.code, entry]),
);

/** The entry of a code, or undefined when it is none of the 14. */
export function qualityCode(code: string): (QualityCodeEntry & { readonly code: QualityCode }) | undefined {
  return BY_CODE.get(code);
}

/** Words of devices and simulators for the codes. */
const SYNONYMS: ReadonlyMap<string, QualityCode> = new Map<string, QualityCode>([
  ['good', 'ok'],
  ['fair', 'ok'],
  ['poor', 'low_signal'],
  ['error', 'device_error'],
  ['charging', 'user_removed'],
]);

/**
 * The code that a device's own flag stands for, in any case; absent counts as `ok`. Undefined for a flag that nobody knows: the check
 * `unknown_flag` then marks the reading as `noise`, since a device that says something about its quality is seldom content.
 */
export function codeOfFlag(flag: string | undefined): QualityCode | undefined {
  if (flag === undefined || flag === 'ok') return 'ok';
  const word = flag.trim().toLowerCase();
  return word === '' ? 'ok' : (BY_CODE.get(word)?.code ?? SYNONYMS.get(word));
}
