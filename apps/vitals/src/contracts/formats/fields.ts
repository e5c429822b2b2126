/**
 * Building blocks of the formats at the door. Validation is strict: a number is a JSON number (never text, never null turned into 0),
 * null means absent, and members that a format does not know are kept.
 */

import Type from 'typebox';

/**
 * A patient's or a device's identity: a UUID or free text of 1 to 128 characters, without control characters and without lone
 * surrogates (neither survives storage unchanged, so two identities could become one).
 */
export const Identity = Type.String({ minLength: 1, maxLength: 128, pattern: '^[^\\p{Cc}\\p{Cs}]*$' });

/** ISO 8601 date and time, with or without zone (none means UTC), with any number of fractional digits. */
export const Timestamp = Type.String({ minLength: 1, maxLength: 64 });

/** A finite number, or null for absent. No range: an extreme value is the very patient the system exists for. */
export const Measured = (description: string) => Type.Optional(Type.Union([Type.Number(), Type.Null()], { description }));

/** A short text that can be stored as it is, or null for absent. */
export const Text = (description: string) =>
  Type.Optional(Type.Union([Type.String({ maxLength: 256, pattern: '^[^\\p{Cc}\\p{Cs}]*$' }), Type.Null()], { description }));

/** Vital signs under the names of the bracelets (French); used nested and flat. */
export const FRENCH_VITALS = {
  freq_card: Measured('Heart rate, /min'),
  freq_resp: Measured('Respiratory rate, /min'),
  spo2_pct: Measured('Oxygen saturation, %'),
  temp_corp: Measured('Body temperature, Cel'),
  temp_ambiente: Measured('Ambient temperature, Cel; the spelling of the nested format'),
  temp_ambiante: Measured('Ambient temperature, Cel; the spelling of the flat format'),
  pct_hydratation: Measured('Hydration, %'),
  activity: Measured('Activity, 0-100; kept as 0-10'),
  heat_index: Measured('Heat index as the device computed it, Cel'),
} as const;
