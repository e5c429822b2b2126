/** A real SMTP server that keeps its mails. */
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';

import { SMTPServer } from 'smtp-server';

export interface MailServer {
  readonly port: number;
  /** Each whole, as it came. */
  readonly mails: string[];
  /** Whether each came over TLS. */
  readonly secured: boolean[];
  close(): Promise<void>;
}

/** Starts one on this machine, without TLS unless `options` say so. */
export async function startMailServer(options: ConstructorParameters<typeof SMTPServer>[0] = {}): Promise<MailServer> {
  const mails: string[] = [];
  const secured: boolean[] = [];
  const server = new SMTPServer({
    authOptional: true,
    disabledCommands: ['STARTTLS'],
    onData(stream, session, done) {
      const chunks: Buffer[] = [];
      stream.on('data', (chunk: Buffer) => chunks.push(chunk));
      stream.on('end', () => {
        mails.push(Buffer.concat(chunks).toString());
        secured.push(session.secure);
        done(null, 'OK queued as 4Gx9');
      });
    },
    ...options,
  });
  server.on('error', () => undefined);
  const listener = server.listen(0, '127.0.0.1');
  await once(listener, 'listening');
  return {
    port: (listener.address() as AddressInfo).port,
    mails,
    secured,
    close: () => new Promise<void>((resolve) => server.close(() => resolve())),
  };
}
