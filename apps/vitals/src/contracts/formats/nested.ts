/** The nested reading: body of `POST /iot/measurements`, and of each item of `POST /api/v1/measurements`. */

import Type from 'typebox';

import { FRENCH_VITALS, Identity, Measured, Text, Timestamp } from './fields.ts';

export const NestedReading = Type.Object(
  {
    device_id: Identity,
    patient_id: Identity,
    timestamp: Timestamp,
    measurements: Type.Optional(Type.Union([Type.Null(), Type.Object(FRENCH_VITALS)])),
    device_info: Type.Optional(
      Type.Union([
        Type.Null(),
        Type.Object({
          device_id: Text('The same device again'),
          firmware_version: Text('Firmware version'),
          battery_level: Measured('Battery, 0-100'),
          signal_strength: Measured('Signal, 0-100'),
          status: Text('State of the device, such as connected, charging, user_removed'),
          last_sync: Text('ISO 8601: when the device last synchronised'),
        }),
      ]),
    ),
    quality_indicators: Type.Optional(
      Type.Union([
        Type.Null(),
        Type.Object({
          quality_flag: Text('Quality code that the device gives'),
          confidence_score: Measured('Confidence, 0-100'),
          data_completeness: Measured('Completeness, 0-100'),
          sensor_contact_quality: Measured('Contact of the sensor, 0-100'),
        }),
      ]),
    ),
  },
  { title: 'NestedReading' },
);
export type NestedReading = Type.Static<typeof NestedReading>;
