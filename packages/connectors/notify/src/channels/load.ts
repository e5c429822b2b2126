/** Channels whose libraries are large: loaded only where they are used. */

import type { Channel } from '../channel.ts';
import type { EmailOptions } from './email.ts';
import type { WebPushOptions } from './web-push.ts';

/** A channel to mailboxes. @throws KidjamoError CONFIG_INVALID */
export async function openEmailChannel(options: EmailOptions): Promise<Channel> {
  return (await import('./email.ts')).emailChannel(options);
}

/** A channel to browsers. @throws KidjamoError CONFIG_INVALID when the keys are no keys. */
export async function openWebPushChannel(options: WebPushOptions): Promise<Channel> {
  return (await import('./web-push.ts')).webPushChannel(options);
}
