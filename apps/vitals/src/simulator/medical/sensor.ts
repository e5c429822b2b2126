/** What the sensors of a bracelet can show. */

import type { Span } from './draws.ts';

/** The least and the most that is shown, whatever the body does*: /min, /min, %. */
export const SENSOR_RANGES: Readonly<Record<'heartRate' | 'respRate' | 'spo2', Span>> = {
  heartRate: [20, 240],
  respRate: [4, 80],
  spo2: [50, 100],
};
