/** The Channel contract: takes one notification to one recipient and says what became of it. */

/** How grave it is, by rising gravity. Never compare as text: see {@link SEVERITIES}. */
export const SEVERITIES = ['info', 'warn', 'alert', 'critical'] as const;
export type Severity = (typeof SEVERITIES)[number];

/** The languages that notifications are written in. */
export type Language = 'fr' | 'en';

/** The same text for readers of either language. */
export type Text = Readonly<Record<Language, string>>;

/** The ways that a person or a system can be reached. */
export const CHANNELS = ['sms', 'email', 'push', 'webhook', 'console'] as const;
export type ChannelName = (typeof CHANNELS)[number];

/** A notification, written for one reader in every form; a channel takes the form that it needs. */
export interface Message {
  readonly language: Language;
  readonly severity: Severity;
  /** One line without identity, for subjects and lock screens. */
  readonly title: string;
  /** One or two sentences without identity, for lock screens. */
  readonly summary: string;
  /** Without identity, of GSM-7 characters; of at most 160 where the link lets it. */
  readonly sms: string;
  /** Plain text. May name the patient as the recipient knows them. */
  readonly text: string;
  /** The same as a whole HTML document without scripts, images or anything to load. */
  readonly html: string;
  /** Page about it. */
  readonly link: string;
  /** For machines, without identity: becomes JSON. */
  readonly data: object;
}

/** One attempt to send. */
export interface Sending {
  /** The same at every attempt for one step, recipient and channel: base64url, 43 characters. */
  readonly key: string;
  /** Where to: a number, a mail address, a URL or a subscription, as the channel needs it. MUST NOT appear in logs, errors or reasons. */
  readonly address: string;
  /** Aborts when the time for the attempt is over. */
  readonly signal: AbortSignal;
}

/**
 * What became of an attempt. Reasons hold no identity, no address and no secret.
 *
 * | kind      | means                                                      | then                                       |
 * |-----------|------------------------------------------------------------|--------------------------------------------|
 * | delivered | the recipient's side has it                                | done                                       |
 * | accepted  | a provider has taken it over, under an id of its own       | done                                       |
 * | refused   | it will never work to this address                         | next channel of the recipient              |
 * | failed    | it was surely not sent, and may work later                 | tried again                                |
 * | unknown   | it may have been sent                                      | tried again, with the same key             |
 */
export type Outcome =
  | { readonly kind: 'delivered' }
  | { readonly kind: 'accepted'; readonly providerId: string }
  /** `gone`: the address exists no more, and whoever keeps it should forget it. */
  | { readonly kind: 'refused'; readonly reason: string; readonly gone?: true }
  /** `retryAfter`: how long the provider asks to wait, ms. */
  | { readonly kind: 'failed'; readonly reason: string; readonly retryAfter?: number }
  | { readonly kind: 'unknown'; readonly reason: string };

/** A way to reach somebody. It sends once and neither retries nor waits: the notifier does. */
export interface Channel {
  readonly name: ChannelName;
  /** Whether the receiving side drops a second message with the same key. */
  readonly idempotent: boolean;
  /** MUST resolve with what became of it, soon after `signal` aborts at the latest, and MUST say `unknown` rather than `failed` when in doubt. */
  send(message: Message, sending: Sending): Promise<Outcome>;
}
