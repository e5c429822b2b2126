/** A call: one step of an episode, to be told to the people of a level. It comes from the alarm engine, by its log. */

import { SEVERITIES } from '../channel.ts';
import type { ChannelName, Language, Severity, Text } from '../channel.ts';

/** Why people are called. */
export const REASONS = ['raised', 'escalated', 'repeated', 'cleared', 'resolved', 'informed', 'test'] as const;
export type Reason = (typeof REASONS)[number];

/** A value that an alarm was raised by. */
export interface CalledValue {
  readonly name: Text;
  readonly value: number;
  /** As a person reads it, such as `%` or `/min`; empty for none. */
  readonly unit: string;
}

/** An alarm of the episode. */
export interface CalledAlarm {
  /** The rule. */
  readonly code: string;
  readonly severity: Severity;
  readonly title: Text;
  readonly values: readonly CalledValue[];
  readonly limit: Text;
  readonly actions: readonly Text[];
  /** Event time of its first breach, ms. */
  readonly since: number;
}

/** What is to be told. */
export interface Call {
  /** Id of the step: the same whenever the same step is handed over again. */
  readonly id: string;
  /** Internal id of the patient, by which the record is found for export and erasure. Never part of a message. */
  readonly patient: string | undefined;
  /** How the recipients know the patient. Only mails show it. */
  readonly patientName?: string;
  readonly severity: Severity;
  /** 0, 1, 2, ...: how far it has been escalated. */
  readonly level: number;
  readonly class: 'clinical' | 'technical';
  readonly reason: Reason;
  /** By falling severity. */
  readonly alarms: readonly CalledAlarm[];
  /** Log time of the step, ms. */
  readonly at: number;
  /** When somebody has to have answered, ms; undefined where nobody has to. */
  readonly answerBy?: number;
  /** Page about it, short, without identity. */
  readonly link: string;
  /** Follows it through records and log lines. Never part of a message. */
  readonly correlation?: string;
}

/** A way to reach a recipient, with what the channel needs. */
export interface ChannelAddress {
  readonly channel: ChannelName;
  readonly address: string;
}

/** Hours in which nothing is sent but what is critical. */
export interface QuietHours {
  /** `HH:MM`, in the recipient's time zone. */
  readonly from: string;
  readonly to: string;
}

/** At most so many messages in a stretch of time; what is over the limit waits for its end. Never applies to what is critical. */
export interface RateLimit {
  readonly max: number;
  /** ms. */
  readonly per: number;
}

/** Somebody to be told, as they wish it. */
export interface Recipient {
  /** Internal id. */
  readonly id: string;
  readonly language: Language;
  /** IANA name, such as `Africa/Douala`. */
  readonly timeZone: string;
  /** In the order in which they are tried. */
  readonly channels: readonly ChannelAddress[];
  readonly quietHours?: QuietHours;
  readonly rateLimit?: RateLimit;
  /** A system that listens along. It answers for nobody: a call that reaches only such ones counts as reaching nobody. */
  readonly system?: true;
}

/** Who is to be told what. */
export interface NotifyRequest {
  readonly call: Call;
  readonly recipients: readonly Recipient[];
}

/** Place on the scale, 0 (info) to 3 (critical). */
export function rankOf(severity: Severity): number {
  return SEVERITIES.indexOf(severity);
}
