/** The rules in force, for pages that explain alerts: the numbers stay in the domain and are not copied into a page. */

import type { Static } from 'typebox';

import { CATALOGUE } from '../alarms/catalogue/catalogue.ts';
import { COLUMN_OF } from './live/model.ts';
import type { RuleList } from './schemas.ts';

/** Every rule that can raise an alert, floors first. */
export const RULES: Static<typeof RuleList> = {
  items: CATALOGUE.map(({ code, version, severity, vitals, limit, title, message, actions }) => {
    return { code, version, severity, vitals: vitals.map((vital) => COLUMN_OF[vital]), limit, title, message, actions: [...actions] };
  }),
};
