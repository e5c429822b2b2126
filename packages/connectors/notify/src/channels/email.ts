/** E-mail through an SMTP server. */

import { KidjamoError } from '@kidjamo/stream';
import nodemailer from 'nodemailer';

import type { Channel, Message, Outcome, Sending } from '../channel.ts';
import { isLoopback } from '../http/endpoint.ts';

/** The server, and who the mails come from. */
export interface EmailOptions {
  readonly host: string;
  readonly port: number;
  /**
   * `implicit`: TLS from the first byte (port 465); `starttls`: required after the greeting (587); `none`: for a server on this machine or
   * one of `plainHosts`.
   */
  readonly tls: 'implicit' | 'starttls' | 'none';
  readonly plainHosts?: readonly string[];
  /** Authorities that the server's certificate may come from, PEM, in place of the usual ones. */
  readonly ca?: string;
  readonly user?: string;
  readonly password?: string;
  /** Mail address, without a name. */
  readonly from: string;
  /** Longest wait for a connection, a greeting or an answer, ms. Default 10,000. */
  readonly timeout?: number;
}

const ADDRESS = /^[^\s@<>,;:"\\]{1,64}@[^\s@<>,;:"\\]{1,255}$/;
/** What fails before a message could be handed over: name, connection, TLS, sign-in, our own settings. */
const NOT_SENT = /^(EDNS|ETLS|EREQUIRETLS|EAUTH|ENOAUTH|ECONFIG|EENVELOPE|ECONNREFUSED|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|ENETUNREACH)$/;

/**
 * A channel to mailboxes. The Message-ID comes from the key, so that a second copy shows as the same message. SMTP has no idempotency key.
 * @throws KidjamoError CONFIG_INVALID
 */
export function emailChannel(options: EmailOptions): Channel {
  const { host, port, tls, from, timeout = 10_000 } = options;
  if (tls === 'none' && !isLoopback(host) && options.plainHosts?.includes(host) !== true) {
    throw new KidjamoError('CONFIG_INVALID', 'mail without TLS goes to this machine only. Remedy: starttls or implicit, or allow the host');
  }
  if (!ADDRESS.test(from)) throw new KidjamoError('CONFIG_INVALID', 'the sender of mails is not a mail address');
  const domain = from.slice(from.lastIndexOf('@') + 1);
  const transport = nodemailer.createTransport({
    host,
    port,
    secure: tls === 'implicit',
    requireTLS: tls === 'starttls',
    ignoreTLS: tls === 'none',
    ...(options.user === undefined ? {} : { auth: { user: options.user, pass: options.password ?? '' } }),
    ...(options.ca === undefined ? {} : { tls: { ca: options.ca } }),
    connectionTimeout: timeout,
    greetingTimeout: timeout,
    socketTimeout: timeout,
    disableFileAccess: true,
    disableUrlAccess: true,
  });
  return {
    name: 'email',
    idempotent: false,
    async send(message: Message, { key, address, signal }: Sending): Promise<Outcome> {
      if (!ADDRESS.test(address)) return { kind: 'refused', reason: 'the address is not a mail address' };
      const { title, text, html, language, severity } = message;
      const messageId = `<${key}@${domain}>`;
      try {
        const { response } = await transport.sendMail({
          from,
          to: { name: '', address },
          subject: title,
          text,
          html,
          messageId,
          priority: severity === 'critical' || severity === 'alert' ? 'high' : 'normal',
          headers: { 'auto-submitted': 'auto-generated', 'content-language': language },
          signal,
        });
        return { kind: 'accepted', providerId: queueId(response) ?? messageId };
      } catch (error) {
        return outcomeOf(error);
      }
    },
  };
}

/** The server's own id of the mail, where it tells one. */
function queueId(response: string | undefined): string | undefined {
  return /queued as ([\w.-]{1,64})/i.exec(response ?? '')?.[1];
}

/** What the server says may quote the address, so only codes are told. */
function outcomeOf(error: unknown): Outcome {
  const { code, originalCode, responseCode, permanent } = error as SmtpFailure;
  if (typeof responseCode === 'number') {
    return permanent === true
      ? { kind: 'refused', reason: `the mail server refused it (SMTP ${responseCode})` }
      : { kind: 'failed', reason: `the mail server takes nothing now (SMTP ${responseCode})` };
  }
  const known = originalCode ?? code ?? 'no code';
  const notSent = NOT_SENT.test(known) || NOT_SENT.test(code ?? '');
  return { kind: notSent ? 'failed' : 'unknown', reason: `the mail could not be handed over (${known})` };
}

/** What nodemailer tells of a failure: its own code, that of the system where there was one, and the server's. */
interface SmtpFailure {
  readonly code?: string;
  readonly originalCode?: string;
  readonly responseCode?: number;
  /** Whether the same mail will be refused again. */
  readonly permanent?: boolean;
}
