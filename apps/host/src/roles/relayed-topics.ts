/** Which log goes to which topic. */

import { LOGS, OUTPUT_TOPICS, TOPICS } from '@kidjamo/vitals';

/** The topics that relays write, by the log that they carry. */
export function relayedTopics(mode: 'outbox' | 'direct'): readonly { readonly log: string; readonly topic: string }[] {
  const outputs = OUTPUT_TOPICS.map(({ log, topic }) => ({ log, topic }));
  return mode === 'outbox' ? [{ log: LOGS.input, topic: TOPICS.input }, ...outputs] : outputs;
}
