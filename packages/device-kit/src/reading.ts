/** A reading as `POST /v1/vitals` takes it. */

import { DeviceKitError } from './errors.ts';

/** What was measured. A value that was not measured is left out or null, never 0. */
export interface Vitals {
  /** Oxygen saturation, %. */
  readonly spo2?: number | null;
  /** Beats per minute. */
  readonly heart_rate?: number | null;
  /** Body temperature, degrees Celsius. */
  readonly temperature?: number | null;
  /** Degrees Celsius. */
  readonly ambient_temp?: number | null;
  /** Breaths per minute. */
  readonly respiratory_rate?: number | null;
  /** 0-100. */
  readonly hydration_pct?: number | null;
  /** 0-10. */
  readonly activity_level?: number | null;
  /** 0-10. */
  readonly pain_scale?: number | null;
}

/** One reading. Further members are sent too, and kept by the server. */
export interface Reading {
  readonly patient_id: string;
  /** The kit's `deviceId` when left out; never another one. */
  readonly device_id?: string;
  /**
   * When the body was measured, by the device's clock: ISO 8601, zone `Z` unless given. One reading per device and time: a second
   * one with other values is a conflict at the server.
   */
  readonly timestamp: string;
  readonly vitals: Vitals;
  readonly metadata?: Readonly<Record<string, unknown>>;
  readonly [further: string]: unknown;
}

/** Bytes of one reading. The server's limit for a line is the same. */
export const MAX_READING = 65_536;

const TIMESTAMP = /^\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d(:\d\d([.,]\d+)?)?([Zz]|[+-]\d\d(:?\d\d)?)?$/;

/**
 * The bytes that are stored and sent.
 * @throws DeviceKitError INVALID_READING naming the member and the remedy.
 */
export function encodeReading(reading: Reading, deviceId: string): Buffer {
  const { patient_id: patient, device_id: device = deviceId, timestamp, vitals } = reading;
  if (typeof patient !== 'string' || patient === '') throw invalid('patient_id must be a text that is not empty');
  if (device !== deviceId) throw invalid("device_id must be the kit's deviceId: open a kit, with a folder of its own, for each device");
  if (typeof timestamp !== 'string' || !TIMESTAMP.test(timestamp)) {
    throw invalid('timestamp must be ISO 8601 date and time, such as 2026-11-21T13:05:00.250Z');
  }
  if (typeof vitals !== 'object' || vitals === null) throw invalid('vitals must be an object');
  for (const [name, value] of Object.entries(vitals)) {
    // JSON has neither: they would be sent as null, which says that nothing was measured.
    if (typeof value === 'number' && !Number.isFinite(value)) throw invalid(`vitals.${name} must be a finite number, null or left out`);
  }
  const bytes = Buffer.from(JSON.stringify({ ...reading, device_id: device }));
  if (bytes.length > MAX_READING) throw invalid(`a reading may have ${MAX_READING} bytes at most`);
  return bytes;
}

function invalid(message: string): DeviceKitError {
  return new DeviceKitError('INVALID_READING', message);
}
