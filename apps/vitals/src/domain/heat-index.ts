/** Heat index: the NOAA formula where humidity is known, the clinical proxy otherwise. The record says which. */

/** How a heat index was found. */
export type HeatIndexMethod = 'noaa' | 'clinical_proxy';

/** A heat index in Cel. */
export interface HeatIndex {
  readonly value: number;
  readonly method: HeatIndexMethod;
}

/** What it is computed from; units Cel, % relative humidity, Cel, %. */
export interface HeatIndexInput {
  readonly ambient: number | undefined;
  readonly humidity: number | undefined;
  readonly temperature: number | undefined;
  readonly hydration: number | undefined;
}

/** The heat index, or undefined without an ambient temperature: a missing value is never replaced by a normal one. */
export function heatIndex(input: HeatIndexInput): HeatIndex | undefined {
  const { ambient, humidity } = input;
  if (ambient === undefined) return undefined;
  if (humidity !== undefined && humidity >= 0 && humidity <= 100) return { value: round1(noaa(ambient, humidity)), method: 'noaa' };
  return { value: round1(clinicalProxy(ambient, input)), method: 'clinical_proxy' };
}

/**
 * Clinical proxy (reference systems, A2.1): ambient temperature, raised for fever and for a lack of water. A vital that is missing adds
 * nothing.
 */
function clinicalProxy(ambient: number, { temperature, hydration }: HeatIndexInput): number {
  let index = ambient;
  if (temperature !== undefined && temperature > 37.5) index += 2 * (temperature - 37.5);
  if (hydration !== undefined && hydration < 80) index += (5 * (80 - hydration)) / 80;
  if (ambient > 30 && temperature !== undefined && temperature > 38 && hydration !== undefined && hydration < 70) index += 3;
  return index;
}

/**
 * Rothfusz regression with the adjustments of the US National Weather Service (Technical Attachment SR 90-23); below 80 F Steadman's simple
 * formula. Temperatures in Cel, humidity in %.
 */
export function noaa(ambient: number, humidity: number): number {
  const t = ambient * 1.8 + 32;
  const rh = humidity;
  const simple = (0.5 * (t + 61 + (t - 68) * 1.2 + rh * 0.094) + t) / 2;
  return ((simple < 80 ? simple : rothfusz(t, rh)) - 32) / 1.8;
}

function rothfusz(t: number, rh: number): number {
  const regression =
    -42.379 +
    2.04901523 * t +
    10.14333127 * rh -
    0.22475541 * t * rh -
    6.83783e-3 * t * t -
    5.481717e-2 * rh * rh +
    1.22874e-3 * t * t * rh +
    8.5282e-4 * t * rh * rh -
    1.99e-6 * t * t * rh * rh;
  if (rh < 13 && t >= 80 && t <= 112) return regression - ((13 - rh) / 4) * Math.sqrt((17 - Math.abs(t - 95)) / 17);
  if (rh > 85 && t >= 80 && t <= 87) return regression + ((rh - 85) / 10) * ((87 - t) / 5);
  return regression;
}

function round1(value: number): number {
  return Math.round(value * 10) / 10;
}
