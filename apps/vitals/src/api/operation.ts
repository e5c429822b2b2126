/** What the HTTP interface promises: for each route its parameters, its body and its answers, by the schemas that the routes check with. */

import type { TObject, TSchema } from 'typebox';

import { Problem as GatewayProblem } from '../contracts/formats/answers.ts';
import { PROBLEMS as GATEWAY_PROBLEMS } from '../gateway/problem.ts';
import { PROBLEMS as READ_PROBLEMS } from '../read/problem.ts';
import { Problem as ReadProblem } from '../read/schemas.ts';

/** Schemas by media type. */
export type Content = Readonly<Record<string, TSchema>>;

/** An answer. */
export interface Answer {
  readonly description: string;
  readonly content: Content;
  /** Whether Retry-After comes with it. */
  readonly retryAfter?: boolean;
}

/** A route, as a client sees it. */
export interface Operation {
  /** Unique, for generated clients. */
  readonly id: string;
  readonly method: 'GET' | 'POST' | 'DELETE';
  /** With parameters as Fastify writes them: `/patients/:id`. */
  readonly path: string;
  readonly tag: 'ingestion' | 'actions' | 'people' | 'records' | 'operations';
  readonly summary: string;
  readonly description?: string;
  readonly parameters?: { readonly path?: TObject; readonly query?: TObject; readonly header?: TObject };
  readonly body?: { readonly description: string; readonly content: Content; readonly optional?: boolean };
  readonly answers: Readonly<Record<number, Answer>>;
}

/** An answer in JSON. */
export function json(description: string, schema: TSchema): Answer {
  return { description, content: { 'application/json': schema } };
}

/** The refusals of the gateway by status. `schema` in place of the ordinary problem for those that say what became of a batch. */
export function gatewayRefusals(batch?: {
  readonly statuses: readonly number[];
  readonly schema: TSchema;
}): Readonly<Record<number, Answer>> {
  return refusals(GATEWAY_PROBLEMS, (status) => (batch?.statuses.includes(status) === true ? batch.schema : GatewayProblem));
}

/** The refusals of the read API by status, but for those that a route never gives. */
export function readRefusals(without: readonly (keyof typeof READ_PROBLEMS)[] = []): Readonly<Record<number, Answer>> {
  const given = Object.entries(READ_PROBLEMS).filter(([kind]) => !without.some((one) => one === kind));
  const answers = refusals(Object.fromEntries(given), () => ReadProblem);
  const { unavailable } = READ_PROBLEMS;
  const away = answers[unavailable.status];
  return away === undefined ? answers : { ...answers, [unavailable.status]: { ...away, retryAfter: true } };
}

type Problems = Readonly<Record<string, { status: number; title: string; retryAfter?: number }>>;

/** Refusals by status. */
export function refusals(problems: Problems, schemaOf: (status: number) => TSchema): Readonly<Record<number, Answer>> {
  const answers: Record<number, Answer> = {};
  for (const [code, { status, title, retryAfter }] of Object.entries(problems)) {
    const line = `${title} (\`${code}\`).`;
    const before = answers[status];
    answers[status] = {
      description: before === undefined ? line : `${before.description} ${line}`,
      content: { 'application/problem+json': schemaOf(status) },
      ...(retryAfter === undefined ? {} : { retryAfter: true }),
    };
  }
  return answers;
}
