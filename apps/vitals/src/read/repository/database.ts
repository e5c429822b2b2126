/** The one way in which the read side asks the database. */

import { storeError } from '@kidjamo/connector-postgres';
import type { Pool } from 'pg';

import type { Acting } from '../actor.ts';

/** What every query of the repository works with. */
export interface Database {
  readonly pool: Pool;
  /** ms since the epoch. */
  readonly now: () => number;
}

/** A statement and its values. A name makes the server keep its plan. */
export interface Statement {
  readonly name?: string;
  readonly text: string;
  readonly values: readonly unknown[];
}

/**
 * Runs a statement on behalf of `_actor`. An operator sees every row, so nothing is set up yet; sessions with row-level security are
 * opened here.
 * @throws KidjamoError STORE_UNAVAILABLE when the database does not answer.
 */
export async function query<Row extends object>(database: Database, _actor: Acting, statement: Statement): Promise<Row[]> {
  try {
    const { rows } = await database.pool.query<Row>({ ...statement, values: [...statement.values] });
    return rows;
  } catch (error) {
    throw storeError(error);
  }
}

/** SQL for a time as ISO 8601 text in UTC with microseconds, which JavaScript's dates would lose. */
export function isoTime(column: string, name = column): string {
  return `to_char(${column} AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') AS ${name}`;
}

/** SQL for the name of a user. */
export function nameOf(user: string): string {
  return `${user}.first_name || ' ' || ${user}.last_name`;
}

/** Collects conditions and their values in step. */
export class Conditions {
  readonly values: unknown[] = [];
  readonly #parts: string[] = [];

  /** Adds a condition, each `?` of which stands for the next of `values`. */
  add(condition: string, values: readonly unknown[] = []): void {
    const rest = [...values];
    this.#parts.push(condition.replaceAll('?', () => `$${this.values.push(rest.shift())}`));
  }

  /** The WHERE clause, empty when nothing was added. */
  get where(): string {
    return this.#parts.length === 0 ? '' : `WHERE ${this.#parts.join(' AND ')}`;
  }
}
