/** The flat reading: body of `POST /ingest`. */

import Type from 'typebox';

import { FRENCH_VITALS, Identity, Text, Timestamp } from './fields.ts';

export const FlatReading = Type.Object(
  {
    patient_id: Identity,
    device_id: Identity,
    timestamp: Timestamp,
    ...FRENCH_VITALS,
    quality_flag: Text('Quality code that the device gives'),
  },
  { title: 'FlatReading' },
);
export type FlatReading = Type.Static<typeof FlatReading>;
