/** Vital signs under the names of the bracelets (nested, flat and api formats). Activity comes as 0-100 and is kept as 0-10. */

import { FRENCH_VITALS } from '../contracts/formats/fields.ts';
import type { NestedReading } from '../contracts/formats/nested.ts';
import type { Vitals } from '../contracts/reading.ts';
import type { MutableVitals } from './draft.ts';
import type { Members } from './extra.ts';
import { withMember } from './extra.ts';

export type FrenchVitals = Exclude<NestedReading['measurements'], null | undefined>;
type AmbientName = 'temp_ambiente' | 'temp_ambiante';

export const FRENCH_NAMES: ReadonlySet<string> = new Set(Object.keys(FRENCH_VITALS));

/** Reads the vital signs; absent and null members are left out. `ambient` is the spelling that wins when both are given. */
export function readFrenchVitals(given: FrenchVitals, ambient: AmbientName): Vitals {
  const vitals: MutableVitals = {};
  // The order of the members is the order in which they are digested.
  if (typeof given.freq_card === 'number') vitals.heart_rate = given.freq_card;
  if (typeof given.freq_resp === 'number') vitals.resp_rate = given.freq_resp;
  if (typeof given.spo2_pct === 'number') vitals.spo2 = given.spo2_pct;
  if (typeof given.temp_corp === 'number') vitals.temperature = given.temp_corp;
  const air = given[ambient] ?? given[other(ambient)];
  if (typeof air === 'number') vitals.ambient_temp = air;
  if (typeof given.pct_hydratation === 'number') vitals.hydration = given.pct_hydratation;
  if (typeof given.activity === 'number') vitals.activity = given.activity / 10;
  if (typeof given.heat_index === 'number') vitals.heat_index = given.heat_index;
  return vitals;
}

/** When both spellings of the ambient temperature are given, the one that lost is kept with the unknown members. */
export function keepOtherAmbient(given: FrenchVitals, ambient: AmbientName, into: Members | undefined): Members | undefined {
  const loser = given[other(ambient)];
  const both = typeof given[ambient] === 'number' && typeof loser === 'number';
  return both ? withMember(into, other(ambient), loser) : into;
}

function other(ambient: AmbientName): AmbientName {
  return ambient === 'temp_ambiente' ? 'temp_ambiante' : 'temp_ambiente';
}
