/** The rules in force, for pages that explain alerts: the numbers stay in the domain and are not copied into a page. */

import type { Static } from 'typebox';

import { FLOOR_CODES, FLOORS } from '../domain/floors.ts';
import { COLUMN_OF } from './live/model.ts';
import type { RuleList } from './schemas.ts';

/** Every rule that can raise an alert, in the order in which they are recorded. */
export const RULES: Static<typeof RuleList> = {
  items: FLOOR_CODES.map((code) => {
    const { version, severity, vitals, limit, title, message, actions } = FLOORS[code];
    return { code, version, severity, vitals: vitals.map((vital) => COLUMN_OF[vital]), limit, title, message, actions: [...actions] };
  }),
};
