/** What the status of a device means. */

/** What is judged; scales 0-100. */
export interface DeviceCondition {
  readonly battery?: number;
  readonly signal?: number;
  readonly status?: string;
  readonly error_code?: string;
}

/** Events of the medical record's device log (reference systems, A5). */
export const DEVICE_EVENTS = ['connected', 'disconnected', 'low_battery', 'offline', 'error', 'calibration', 'reset'] as const;
export type DeviceEvent = (typeof DEVICE_EVENTS)[number];

const EVENT_OF_STATUS: Readonly<Record<string, DeviceEvent>> = {
  connected: 'connected',
  online: 'connected',
  active: 'connected',
  disconnected: 'disconnected',
  offline: 'offline',
  error: 'error',
  fault: 'error',
  calibration: 'calibration',
  calibrating: 'calibration',
  reset: 'reset',
  low_battery: 'low_battery',
};

/** % (clinical reference, section 2, technical). */
const LOW_BATTERY = 15;

/** The event that a status amounts to: a fault first, then what the device says, then its battery. */
export function deviceEvent({ battery, status, error_code: errorCode }: DeviceCondition): DeviceEvent {
  if (errorCode !== undefined) return 'error';
  const word = status?.trim().toLowerCase() ?? '';
  const said = Object.hasOwn(EVENT_OF_STATUS, word) ? EVENT_OF_STATUS[word] : undefined;
  if (said !== undefined && said !== 'connected') return said;
  return battery !== undefined && battery < LOW_BATTERY ? 'low_battery' : 'connected';
}

/** Whether somebody should look at the device (reference systems, A6): battery under 20, signal under 50, or not connected. */
export function needsAttention({ battery, signal, status, error_code: errorCode }: DeviceCondition): boolean {
  if (errorCode !== undefined || (battery !== undefined && battery < 20) || (signal !== undefined && signal < 50)) return true;
  const word = status?.trim().toLowerCase() ?? 'connected';
  return !(Object.hasOwn(EVENT_OF_STATUS, word) && EVENT_OF_STATUS[word] === 'connected');
}
