/** Connections that a test can break, or stop, before any statement. */
import type { Pool, PoolClient } from 'pg';

/** Called before every statement of a connection; may end the connection, wait, or send the statement itself. */
export type Intervention = (at: {
  readonly client: PoolClient;
  /** 1 is the first. */
  readonly statement: number;
  readonly text: string;
  readonly send: () => Promise<unknown>;
}) => Promise<void>;

/** A pool whose connections, taken one at a time, ask `before` first. */
export function intervening(pool: Pool, before: Intervention): Pool {
  const connect = async (): Promise<PoolClient> => {
    const client = await pool.connect();
    const query = client.query.bind(client) as (...args: unknown[]) => Promise<unknown>;
    let statement = 0;
    const asked = async (...args: unknown[]): Promise<unknown> => {
      statement += 1;
      const [first] = args;
      const text = typeof first === 'string' ? first : (first as { text: string }).text;
      await before({ client, statement, text, send: () => query(...args) });
      return query(...args);
    };
    return Object.assign(client, { query: asked });
  };
  return Object.assign(Object.create(pool) as Pool, { connect });
}
