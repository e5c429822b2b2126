/** What the gateway and the task make of a reading before alarms see it: its time checked, its quality graded. */

import type { Reading } from '../../contracts/reading.ts';
import { LATE_AFTER_RECEIPT } from '../../domain/lateness.ts';
import { isDoubtful } from '../../domain/quality/doubt.ts';
import { isNotWorn } from '../../domain/quality/device-checks.ts';
import { gradeReading } from '../../domain/quality/grade.ts';
import type { Grade } from '../../domain/quality/grade.ts';
import { emptyTrail, extendTrail, NO_HISTORY } from '../../domain/quality/trail.ts';
import { WINDOW_LATENESS } from '../../domain/windows.ts';
import type { ReadingContent } from '../../gateway/draft.ts';
import { untimely } from '../../gateway/intake.ts';
import type { Heard, Late } from './port.ts';

/** A reading on its way in. */
export interface Incoming {
  readonly device: string;
  /** Event time as the device has it, ms. */
  readonly at: number;
  /** Log time, ms. */
  readonly received: number;
  readonly content: ReadingContent;
}

/** Hears one device of one patient. */
export class Hearing {
  readonly #trail = emptyTrail();
  #newest: number | undefined;

  /** `interval` (ms) is what the device is configured to leave between readings; else it is learned. */
  hear({ device, at, received, content }: Incoming, interval: number | undefined): Heard {
    const late = this.#lateness(at, received);
    const reading: Reading = {
      kind: 'reading',
      patient: '',
      id: '',
      correlation: '',
      digest: '',
      source: 'nested',
      device,
      at,
      received,
      ...content,
    };
    const grade = this.#grade(reading, late === 'held');
    return {
      received,
      late,
      reading: {
        device,
        at: Math.min(at, received),
        vitals: content.vitals,
        lowConfidence: isDoubtful(reading, grade),
        notWorn: isNotWorn(reading),
        findings: grade.findings,
        battery: content.battery,
        signal: content.signal,
        interval,
      },
    };
  }

  #lateness(at: number, received: number): Late {
    if (untimely(at, { received, imported: false }) !== undefined) return 'held';
    const newest = this.#newest ?? Number.NEGATIVE_INFINITY;
    if (at >= newest - WINDOW_LATENESS && received - at <= LATE_AFTER_RECEIPT) return 'live';
    return at >= newest ? 'newest' : 'late';
  }

  #grade(reading: Reading, held: boolean): Grade {
    const { at, vitals } = reading;
    const newest = this.#newest;
    // What is held is not stored, so nothing that follows is compared with it.
    const inOrder = !held && (newest === undefined || at > newest);
    if (inOrder) this.#newest = at;
    return gradeReading(reading, {
      history: inOrder ? extendTrail(this.#trail, vitals, newest === undefined ? Number.NaN : at - newest) : NO_HISTORY,
      sameSecond: newest !== undefined && Math.floor(at / 1000) === Math.floor(newest / 1000),
      sameInstantElsewhere: false,
      firstOfDevice: newest === undefined,
      allowedFirmware: undefined,
    });
  }
}
