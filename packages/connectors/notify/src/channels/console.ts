/** A channel that prints: for demonstrations and trials, where nobody is to be called. */

import type { Channel } from '../channel.ts';

/** Prints one line for each message, without the address. */
export function consoleChannel(write: (line: string) => void): Channel {
  return {
    name: 'console',
    idempotent: false,
    send: async ({ sms }) => {
      write(sms);
      return { kind: 'delivered' };
    },
  };
}
