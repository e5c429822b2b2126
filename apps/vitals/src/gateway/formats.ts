/** The four formats of readings at the door, and how each becomes a {@link Draft}. */

import { CloudReading } from '../contracts/formats/cloud.ts';
import { FlatReading } from '../contracts/formats/flat.ts';
import { NestedReading } from '../contracts/formats/nested.ts';
import type { Drafted, MutableContent, MutableVitals } from './draft.ts';
import { TIMESTAMP_FAULT } from './draft.ts';
import type { Members } from './extra.ts';
import { canonicalExtra, collectUnknown, withMember } from './extra.ts';
import { FRENCH_NAMES, keepOtherAmbient, readFrenchVitals } from './french-vitals.ts';
import { parseTimestamp } from './timestamp.ts';
import { compileFormat } from './validation.ts';

/** The formats by name. `api` is the nested format at another address: activity is 0-100 there too, since its members are the same. */
export const READING_FORMATS = ['nested', 'flat', 'api', 'cloud'] as const;
export type ReadingFormat = (typeof READING_FORMATS)[number];

const nested = compileFormat(NestedReading);
const flat = compileFormat(FlatReading);
const cloud = compileFormat(CloudReading);

const ENVELOPE = ['patient_id', 'device_id', 'timestamp'];
const NESTED_NAMES = new Set([...ENVELOPE, 'measurements', 'device_info', 'quality_indicators']);
const DEVICE_INFO_NAMES = new Set(['device_id', 'firmware_version', 'battery_level', 'signal_strength', 'status', 'last_sync']);
const QUALITY_NAMES = new Set(['quality_flag', 'confidence_score', 'data_completeness', 'sensor_contact_quality']);
const FLAT_NAMES = new Set([...ENVELOPE, ...FRENCH_NAMES, 'quality_flag']);
const CLOUD_NAMES = new Set([...ENVELOPE, 'vitals', 'metadata']);
const CLOUD_VITAL_NAMES = new Set([
  'spo2',
  'heart_rate',
  'temperature',
  'ambient_temp',
  'respiratory_rate',
  'hydration_pct',
  'activity_level',
  'pain_scale',
]);
const METADATA_NAMES = new Set(['battery_level', 'signal_quality', 'firmware_version']);

/** Validates a parsed reading and normalises it. Null members count as absent; unknown ones are kept in `extra`. */
export function draftReading(format: ReadingFormat, value: unknown): Drafted {
  switch (format) {
    case 'nested':
    case 'api':
      return nested.check(value) ? draftNested(value) : nested.faults(value);
    case 'flat':
      return flat.check(value) ? draftFlat(value) : flat.faults(value);
    case 'cloud':
      return cloud.check(value) ? draftCloud(value) : cloud.faults(value);
  }
}

function draftNested(body: NestedReading): Drafted {
  const { measurements, device_info: info, quality_indicators: quality } = body;
  let extra = collectUnknown(body, NESTED_NAMES, undefined);
  const content: MutableContent = { vitals: measurements ? readFrenchVitals(measurements, 'temp_ambiente') : {} };
  if (measurements) {
    const unknown = collectUnknown(measurements, FRENCH_NAMES, undefined);
    extra = nest(extra, 'measurements', keepOtherAmbient(measurements, 'temp_ambiente', unknown));
  }
  if (quality) {
    if (typeof quality.quality_flag === 'string') content.quality_flag = quality.quality_flag;
    if (typeof quality.confidence_score === 'number') content.confidence = quality.confidence_score;
    if (typeof quality.data_completeness === 'number') content.completeness = quality.data_completeness;
    if (typeof quality.sensor_contact_quality === 'number') content.contact = quality.sensor_contact_quality;
    extra = nest(extra, 'quality_indicators', collectUnknown(quality, QUALITY_NAMES, undefined));
  }
  if (info) {
    if (typeof info.battery_level === 'number') content.battery = info.battery_level;
    if (typeof info.signal_strength === 'number') content.signal = info.signal_strength;
    if (typeof info.firmware_version === 'string') content.firmware = info.firmware_version;
    if (typeof info.status === 'string') content.device_state = info.status;
    let unknown = collectUnknown(info, DEVICE_INFO_NAMES, undefined);
    if (typeof info.device_id === 'string' && info.device_id !== body.device_id) unknown = withMember(unknown, 'device_id', info.device_id);
    if (typeof info.last_sync === 'string') {
      const at = parseTimestamp(info.last_sync);
      // A reading is not refused for a time that says nothing about the patient.
      if (Number.isNaN(at)) unknown = withMember(unknown, 'last_sync', info.last_sync);
      else content.last_sync = at;
    }
    extra = nest(extra, 'device_info', unknown);
  }
  return finish(body, content, extra);
}

function draftFlat(body: FlatReading): Drafted {
  const content: MutableContent = { vitals: readFrenchVitals(body, 'temp_ambiante') };
  if (typeof body.quality_flag === 'string') content.quality_flag = body.quality_flag;
  return finish(body, content, keepOtherAmbient(body, 'temp_ambiante', collectUnknown(body, FLAT_NAMES, undefined)));
}

function draftCloud(body: CloudReading): Drafted {
  const { vitals: given, metadata } = body;
  let extra = collectUnknown(body, CLOUD_NAMES, undefined);
  const vitals: MutableVitals = {};
  if (given) {
    // The order of the members is the order in which they are digested: the same as for the other formats.
    if (typeof given.heart_rate === 'number') vitals.heart_rate = given.heart_rate;
    if (typeof given.respiratory_rate === 'number') vitals.resp_rate = given.respiratory_rate;
    if (typeof given.spo2 === 'number') vitals.spo2 = given.spo2;
    if (typeof given.temperature === 'number') vitals.temperature = given.temperature;
    if (typeof given.ambient_temp === 'number') vitals.ambient_temp = given.ambient_temp;
    if (typeof given.hydration_pct === 'number') vitals.hydration = given.hydration_pct;
    if (typeof given.activity_level === 'number') vitals.activity = given.activity_level;
    if (typeof given.pain_scale === 'number') vitals.pain = given.pain_scale;
    extra = nest(extra, 'vitals', collectUnknown(given, CLOUD_VITAL_NAMES, undefined));
  }
  const content: MutableContent = { vitals };
  if (metadata) {
    if (typeof metadata.battery_level === 'number') content.battery = metadata.battery_level;
    if (typeof metadata.signal_quality === 'number') content.signal = metadata.signal_quality;
    if (typeof metadata.firmware_version === 'string') content.firmware = metadata.firmware_version;
    extra = nest(extra, 'metadata', collectUnknown(metadata, METADATA_NAMES, undefined));
  }
  return finish(body, content, extra);
}

function nest(extra: Members | undefined, name: string, unknown: Members | undefined): Members | undefined {
  return unknown === undefined ? extra : withMember(extra, name, unknown);
}

function finish(
  body: { patient_id: string; device_id: string; timestamp: string },
  content: MutableContent,
  extra: Members | undefined,
): Drafted {
  const at = parseTimestamp(body.timestamp);
  if (Number.isNaN(at)) return TIMESTAMP_FAULT;
  if (extra !== undefined) content.extra = canonicalExtra(extra);
  return { patient: body.patient_id, device: body.device_id, at, content };
}
