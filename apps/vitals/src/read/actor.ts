/** Who looks at the data. Every access names one, so that row-level security can be put behind the same functions. */

/** The operator of a system without sign-in: sees every row. Only a loopback address may serve one. */
export interface Operator {
  readonly kind: 'operator';
}

/** The acting person. */
export type Actor = Operator;

export const OPERATOR: Actor = { kind: 'operator' };
