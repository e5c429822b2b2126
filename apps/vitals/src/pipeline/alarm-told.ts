/** What rows, logs and calls of alarms are made from. */

import type { EffectiveRules } from '../alarms/effective.ts';
import type { AlarmEffects } from '../alarms/engine/index.ts';
import type { Vitals } from '../contracts/reading.ts';

/** The input that the engine was given, as rows tell of it. */
export interface AlarmSource {
  readonly patient: string;
  /** False when `patient` is only a stand-in made from an unknown identity. */
  readonly known: boolean;
  readonly correlation: string;
  readonly device: string | null;
  /** Vital signs of the reading; undefined where none is the input. */
  readonly vitals: Vitals | undefined;
  /** Id of the stored reading, and of the row in quarantine. */
  readonly reading: string | null;
  readonly quarantine: string | null;
  /** 0-100, as the device has it. */
  readonly confidence?: number | undefined;
}

/** Effects, and what they came of. */
export interface Told extends AlarmSource {
  readonly effects: AlarmEffects;
  readonly rules: EffectiveRules;
}
