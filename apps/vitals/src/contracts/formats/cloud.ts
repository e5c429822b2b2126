/** The cloud reading: body, or item of a batch, of `POST /v1/vitals`; MQTT carries the same. */

import Type from 'typebox';

import { Identity, Measured, Text, Timestamp } from './fields.ts';

export const CloudReading = Type.Object(
  {
    device_id: Identity,
    patient_id: Identity,
    timestamp: Timestamp,
    vitals: Type.Optional(
      Type.Union([
        Type.Null(),
        Type.Object({
          spo2: Measured('Oxygen saturation, %'),
          heart_rate: Measured('Heart rate, /min'),
          temperature: Measured('Body temperature, Cel'),
          ambient_temp: Measured('Ambient temperature, Cel'),
          respiratory_rate: Measured('Respiratory rate, /min'),
          hydration_pct: Measured('Hydration, %'),
          activity_level: Measured('Activity, 0-10'),
          pain_scale: Measured('Pain, 0-10'),
        }),
      ]),
    ),
    metadata: Type.Optional(
      Type.Union([
        Type.Null(),
        Type.Object({
          battery_level: Measured('Battery, 0-100'),
          signal_quality: Measured('Signal, 0-100'),
          firmware_version: Text('Firmware version'),
        }),
      ]),
    ),
  },
  { title: 'CloudReading' },
);
export type CloudReading = Type.Static<typeof CloudReading>;
