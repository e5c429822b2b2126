/** Checks of the device, its clock and its assignment. */

import type { HeldReading, Reading } from '../../contracts/reading.ts';
import type { QualityCheck } from './check.ts';
import { codeOfFlag } from './codes.ts';

/** Bounds of low confidence, scales 0-100 (clinical reference, section 1). */
export const MIN_CONFIDENCE = 80;
export const MIN_CONTACT = 60;
/** 0-100*. */
const MIN_COMPLETENESS = 80;
/** % (clinical reference, section 2, technical). */
export const MIN_BATTERY = 15;
/** 0-100 (clinical reference, section 2, technical). */
export const MIN_SIGNAL = 50;
/** ms*: event time this far after receipt is a fast clock and not the time of transport. */
const MAX_AHEAD = 30_000;

/** Whether the device itself says that nobody wears it: taken off, or on its charger. Then breaches are recorded and no alert is opened. */
export function isNotWorn(reading: Reading | HeldReading): boolean {
  const { device_state: state, quality_flag: flag } = reading;
  if (state !== undefined && state !== 'connected') {
    const word = state.trim().toLowerCase();
    if (word === 'user_removed' || word === 'charging') return true;
  }
  return flag !== undefined && flag !== 'ok' && codeOfFlag(flag) === 'user_removed';
}

export const DEVICE_CHECKS: readonly QualityCheck[] = [
  {
    name: 'contact_poor',
    code: undefined,
    description: `Sensor contact below ${MIN_CONTACT}. The reading counts as low confidence.`,
    check: ({ contact }) => contact !== undefined && contact < MIN_CONTACT,
  },
  {
    name: 'confidence_low',
    code: undefined,
    description: `Confidence below ${MIN_CONFIDENCE}. The reading counts as low confidence.`,
    check: ({ confidence }) => confidence !== undefined && confidence < MIN_CONFIDENCE,
  },
  {
    name: 'completeness_low',
    code: undefined,
    description: `Completeness of the data below ${MIN_COMPLETENESS}*.`,
    check: ({ completeness }) => completeness !== undefined && completeness < MIN_COMPLETENESS,
  },
  {
    name: 'battery_low',
    code: 'battery_low',
    description: `Battery below ${MIN_BATTERY} %.`,
    check: ({ battery }) => battery !== undefined && battery < MIN_BATTERY,
  },
  {
    name: 'signal_low',
    code: 'low_signal',
    description: `Signal below ${MIN_SIGNAL}.`,
    check: ({ signal }) => signal !== undefined && signal < MIN_SIGNAL,
  },
  {
    name: 'firmware_not_allowed',
    code: undefined,
    description: 'Firmware that is not on the list of those allowed; without a list all are.',
    check: ({ firmware }, { allowedFirmware }) => allowedFirmware !== undefined && firmware !== undefined && !allowedFirmware.has(firmware),
  },
  {
    name: 'unknown_flag',
    code: 'noise',
    description: 'The device sends a quality flag that nobody knows.',
    check: ({ quality_flag: flag }) => codeOfFlag(flag) === undefined,
  },
  {
    name: 'not_worn',
    code: 'user_removed',
    description: 'The device says that it was taken off or is charging. Breaches are recorded, but no alert is opened.',
    check: (reading) => isNotWorn(reading),
  },
  {
    name: 'clock_skew',
    code: undefined,
    description: `Event time, or the last synchronisation, more than ${MAX_AHEAD / 1000} s* after receipt: the clock of the device is fast. Not for imports.`,
    check: ({ at, received, last_sync: lastSync, imported }) =>
      imported !== true && (at - received > MAX_AHEAD || (lastSync !== undefined && lastSync - received > MAX_AHEAD)),
  },
  {
    name: 'same_second',
    code: undefined,
    description: "The device's newest reading so far lies in the same second.",
    check: (_, { sameSecond }) => sameSecond,
  },
  {
    name: 'same_instant_elsewhere',
    code: undefined,
    description:
      'Another device of the patient has a reading of the very same instant. Looked for once a patient is known to have two devices.',
    check: (_, { sameInstantElsewhere }) => sameInstantElsewhere,
  },
  {
    name: 'new_device',
    code: undefined,
    description: 'The first reading of this device for this patient.',
    check: (_, { firstOfDevice }) => firstOfDevice,
  },
  {
    name: 'unknown_patient',
    code: undefined,
    description: 'The patient is unknown. The reading waits in quarantine; its floors are checked.',
    check: (reading) => reading.kind === 'held' && reading.reason === 'unknown_patient',
  },
  {
    name: 'unassigned_device',
    code: undefined,
    description: 'The device is not assigned to the patient. The reading waits in quarantine; its floors are checked.',
    check: (reading) => reading.kind === 'held' && reading.reason === 'unassigned_device',
  },
];
