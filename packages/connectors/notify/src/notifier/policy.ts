/** How long things may take, by severity. Our own decisions, without a source. */

import type { Severity } from '../channel.ts';

/** Times by severity, ms. */
export type BySeverity = Readonly<Record<Severity, number>>;

/** What a notifier goes by. */
export interface Policy {
  /** A delivery that a channel has not taken within this time is given to the recipient's next channel as well. */
  readonly patience: BySeverity;
  /** After this time nothing is tried again. Each delivery is tried once whatever the time. */
  readonly lifetime: BySeverity;
  /** Longest wait before the next attempt that a provider may ask for. */
  readonly longestWait: number;
  /** Between attempts. */
  readonly backoff: { readonly initial: number; readonly max: number };
}

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;

/** The deadlines to answer are 5, 15 and 60 min: a message has to be there long before. */
export const POLICY: Policy = {
  patience: { critical: 30 * SECOND, alert: 2 * MINUTE, warn: 10 * MINUTE, info: 10 * MINUTE },
  lifetime: { critical: 24 * HOUR, alert: 4 * HOUR, warn: HOUR, info: HOUR },
  longestWait: 15 * MINUTE,
  backoff: { initial: 2 * SECOND, max: MINUTE },
};
