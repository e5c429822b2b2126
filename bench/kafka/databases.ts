/** An embedded PostgreSQL as `kidjamo up` starts it, and copies of a prepared database on it, one for each measurement. */

import { randomBytes } from 'node:crypto';

import { startEmbeddedPostgres } from '@kidjamo/connector-postgres';
import type { EmbeddedPostgres } from '@kidjamo/connector-postgres';
import { systemClock } from '@kidjamo/stream';
import { Client } from 'pg';

/** The role of the application, which owns all of them. */
const OWNER = 'kidjamo';

export class Databases {
  readonly #server: EmbeddedPostgres;

  private constructor(server: EmbeddedPostgres) {
    this.#server = server;
  }

  /** Starts a server with its data in `folder`, which exists. */
  static async start(folder: string): Promise<Databases> {
    const secret = (): string => randomBytes(24).toString('base64url');
    const password = { superuser: secret(), application: secret() };
    return new Databases(await startEmbeddedPostgres({ dataHome: folder, password, clock: systemClock }));
  }

  /** The database that is there from the start. */
  get first(): { readonly name: string; readonly url: string } {
    return { name: new URL(this.#server.url).pathname.slice(1), url: this.#server.url };
  }

  get pid(): number {
    return this.#server.pid;
  }

  /** Makes `name` as a copy of `template`, to which nobody is connected, and gives its address. What was written so far is on disk then. */
  async copy(template: string, name: string): Promise<string> {
    await this.#asSuperuser(async (client) => {
      await client.query(`CREATE DATABASE ${name} TEMPLATE ${template} OWNER ${OWNER}`);
      await client.query('CHECKPOINT');
    });
    const url = new URL(this.#server.url);
    url.pathname = `/${name}`;
    return url.href;
  }

  /** Removes a database, whoever is still connected. */
  async drop(name: string): Promise<void> {
    await this.#asSuperuser((client) => client.query(`DROP DATABASE ${name} WITH (FORCE)`));
  }

  async stop(): Promise<void> {
    await this.#server.stop();
  }

  async #asSuperuser(work: (client: Client) => Promise<unknown>): Promise<void> {
    const client = new Client({ connectionString: this.#server.superuserUrl });
    await client.connect();
    try {
      await work(client);
    } finally {
      await client.end();
    }
  }
}
