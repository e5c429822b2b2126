/** Says which patient wears a device. Readings that waited for it can be released afterwards. */

import { storeError } from '@kidjamo/connector-postgres';
import { KidjamoError } from '@kidjamo/stream';
import type { Pool } from 'pg';

import { enrol } from './enrolment.ts';

/** Identities as people write them: a UUID or free text. */
export interface Assignment {
  readonly patient: string;
  readonly device: string;
}

/** Internal ids. */
export interface Assigned {
  readonly patientId: string;
  readonly deviceId: string;
}

/** Assigns a device to a patient, in place of an earlier one. Both are made known where they are not. */
export async function assignDevice(pool: Pool, { patient, device }: Assignment): Promise<Assigned> {
  try {
    const patientId = (await enrol(pool, 'patients', { names: [patient], make: true })).ids.get(patient);
    const deviceId = (await enrol(pool, 'devices', { names: [device], make: true })).ids.get(device);
    if (patientId === undefined || deviceId === undefined)
      throw new KidjamoError('STORE_UNAVAILABLE', 'an identity was neither found nor made');
    await pool.query('UPDATE patients SET provisional = false, updated_at = now() WHERE patient_id = $1 AND provisional', [patientId]);
    await pool.query('UPDATE devices SET provisional = false WHERE device_id = $1 AND provisional', [deviceId]);
    await pool.query(
      `INSERT INTO device_assignments (device_id, patient_id) VALUES ($1, $2)
       ON CONFLICT (device_id) DO UPDATE SET patient_id = excluded.patient_id, assigned_at = now()`,
      [deviceId, patientId],
    );
    return { patientId, deviceId };
  } catch (error) {
    throw storeError(error);
  }
}
