/** Simulated readings as bodies for the gateway. */

import type { Draft } from '../../gateway/draft.ts';
import type { ReadingFormat } from '../../gateway/formats.ts';
import { iso } from './truth.ts';

/** A body, and the format that it is in. */
export interface WireReading {
  readonly format: Extract<ReadingFormat, 'nested' | 'cloud'>;
  readonly body: Readonly<Record<string, unknown>>;
}

/** The body of a reading: in the cloud format where the patient reports pain, for which the nested one has no place, else in the nested format. */
export function wireReading({ patient, device, at, content }: Draft): WireReading {
  const { vitals, battery, signal, firmware, extra } = content;
  const envelope = { patient_id: patient, device_id: device, timestamp: iso(at), ...extra };
  if (vitals.pain !== undefined) {
    return {
      format: 'cloud',
      body: {
        ...envelope,
        vitals: {
          spo2: vitals.spo2,
          heart_rate: vitals.heart_rate,
          temperature: vitals.temperature,
          ambient_temp: vitals.ambient_temp,
          respiratory_rate: vitals.resp_rate,
          hydration_pct: vitals.hydration,
          activity_level: vitals.activity,
          pain_scale: vitals.pain,
        },
        metadata: { battery_level: battery, signal_quality: signal, firmware_version: firmware },
      },
    };
  }
  return {
    format: 'nested',
    body: {
      ...envelope,
      measurements: {
        freq_card: vitals.heart_rate,
        freq_resp: vitals.resp_rate,
        spo2_pct: vitals.spo2,
        temp_corp: vitals.temperature,
        temp_ambiente: vitals.ambient_temp,
        pct_hydratation: vitals.hydration,
        ...(vitals.activity === undefined ? {} : { activity: Math.round(vitals.activity * 10) }),
        heat_index: vitals.heat_index,
      },
      device_info: {
        device_id: device,
        firmware_version: firmware,
        battery_level: battery,
        signal_strength: signal,
        status: content.device_state,
        ...(content.last_sync === undefined ? {} : { last_sync: iso(content.last_sync) }),
      },
      quality_indicators: {
        quality_flag: content.quality_flag,
        confidence_score: content.confidence,
        data_completeness: content.completeness,
        sensor_contact_quality: content.contact,
      },
    },
  };
}
