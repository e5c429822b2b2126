/** What a device says of itself: body of `POST /api/v1/device/status`. */

import Type from 'typebox';

import { Identity, Measured, Text, Timestamp } from './fields.ts';

export const DeviceStatusBody = Type.Object(
  {
    device_id: Identity,
    patient_id: Identity,
    timestamp: Timestamp,
    battery_level: Measured('Battery, 0-100'),
    signal_strength: Measured('Signal, 0-100'),
    status: Text('State of the device, such as connected, offline, charging, user_removed'),
    firmware_version: Text('Firmware version'),
    error_code: Text('Code of the fault that the device reports'),
  },
  { title: 'DeviceStatus' },
);
export type DeviceStatusBody = Type.Static<typeof DeviceStatusBody>;
