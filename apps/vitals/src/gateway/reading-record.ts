/** Readings as records of the input log. The content is serialised once; its text is both digested and written. */

import { hash } from 'node:crypto';

import type { NewRecord } from '@kidjamo/stream';

import { partitionOf } from '../contracts/partition.ts';
import type { Source } from '../contracts/reading.ts';
import { messageId } from '../domain/ids.ts';
import type { Draft } from './draft.ts';

/** Characters of a digest: 132 bits of SHA-256 in base64url. */
const DIGEST_LENGTH = 22;

/** A reading that only lacks what its transport adds. */
export interface Identified {
  /** Internal UUID. */
  readonly patient: string;
  /** Internal UUID. */
  readonly device: string;
  /** Message id. */
  readonly id: string;
  readonly at: number;
  /**
   * Digest of what the sender says: patient and content, in canonical order. White space, the order of members, the format used and
   * everything of the transport leave it unchanged.
   */
  readonly digest: string;
  /** Text of the content: a JSON object. */
  readonly text: string;
}

/** What the request adds to each of its readings. */
export interface Transport {
  readonly source: Source;
  /** When the gateway received it, ms since the epoch. */
  readonly received: number;
  readonly correlation: string;
  readonly imported: boolean;
}

/** Why a reading waits. */
export interface Hold {
  readonly quarantine: string;
  readonly reason: string;
  readonly patientKnown: boolean;
}

/** Names the reading by its device and event time, and digests it. */
export function identify(draft: Draft, patient: string, device: string): Identified {
  const text = JSON.stringify(draft.content);
  return { patient, device, id: messageId(device, draft.at), at: draft.at, digest: digestOf(patient + text), text };
}

/** Digest of a text. */
export function digestOf(text: string): string {
  return hash('sha256', text, 'base64url').slice(0, DIGEST_LENGTH);
}

/** The record of a {@link Reading}, or of a {@link HeldReading} when there is a hold. */
export function readingRecord(reading: Identified, transport: Transport, options: { partitions: number; hold?: Hold }): NewRecord {
  const { hold } = options;
  const { patient } = reading;
  // Ids, digests and correlations hold no character that JSON escapes: they were made or checked here.
  const value =
    `{"kind":"${hold === undefined ? 'reading' : 'held'}","id":"${reading.id}","patient":"${patient}","device":"${reading.device}","at":${reading.at}` +
    `,"received":${transport.received},"correlation":"${transport.correlation}","digest":"${reading.digest}","source":"${transport.source}"` +
    (transport.imported ? ',"imported":true' : '') +
    (hold === undefined ? '' : `,"quarantine":"${hold.quarantine}","reason":"${hold.reason}","patient_known":${hold.patientKnown}`) +
    `,${reading.text.slice(1)}`;
  return { partition: partitionOf(patient, options.partitions), key: patient, value };
}
