/** Who looks at the data, or acts. Every access names one, so that row-level security can be put behind the same functions. */

/** The operator of a system without sign-in: sees every row. Only a loopback address may serve one. */
export interface Operator {
  readonly kind: 'operator';
}

/** A person of the table `users`. */
export interface Person {
  readonly kind: 'person';
  /** Internal UUID. */
  readonly user: string;
}

/** A part of Kidjamo itself that looks up what its work needs, such as whom to call. It administers nothing and acts on no alarm. */
export interface System {
  readonly kind: 'system';
}

/** Who reads the records. People do so once they can sign in. */
export type Actor = Operator | System;

/** Who acts on people and alarms. */
export type Acting = Actor | Person;

export const OPERATOR: Actor = { kind: 'operator' };
export const SYSTEM: Actor = { kind: 'system' };
