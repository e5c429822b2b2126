/** Validation of the parameters of the read API and of what people send, from the same schemas that describe them. */

import type { FastifySchemaCompiler } from 'fastify';
import type { TSchema } from 'typebox';
import { Compile } from 'typebox/compile';

import { ParameterError } from './problem.ts';

/**
 * Compiles a schema for Fastify. A query string holds nothing but text, so a member that the schema calls an integer is read from its
 * digits; nothing else is converted, nothing is dropped, and the first fault is answered by its name.
 */
export const compileParameters: FastifySchemaCompiler<TSchema> = ({ schema, httpPart }) => {
  const validator = Compile(schema);
  const integers = httpPart === 'querystring' ? integerMembers(schema) : [];
  return (input: unknown) => {
    if (httpPart === 'body' && !isObject(input)) return { error: new ParameterError('body', 'the body must be an object') };
    const value: Record<string, unknown> = { ...(input as Record<string, unknown>) };
    for (const name of integers) {
      const given = value[name];
      if (typeof given === 'string' && /^\d{1,9}$/.test(given)) value[name] = Number(given);
    }
    if (validator.Check(value)) return { value };
    return { error: toError(validator.Errors(value)) };
  };
};

/** A body may be absent, where every member of it may: the framework then gives null. */
function isObject(input: unknown): boolean {
  return typeof input === 'object' && !Array.isArray(input);
}

function toError(faults: readonly { keyword: string; instancePath: string; message: string; params: object }[]): ParameterError {
  // A parameter that does not exist is reported twice: as a member in excess, and as a value that nothing allows.
  const excess = faults.find((fault) => fault.keyword === 'additionalProperties');
  if (excess !== undefined && 'additionalProperties' in excess.params && Array.isArray(excess.params.additionalProperties)) {
    return new ParameterError(String(excess.params.additionalProperties[0]).slice(0, 50), 'there is no such parameter');
  }
  const missing = faults.find((fault) => fault.keyword === 'required');
  if (missing !== undefined && 'requiredProperties' in missing.params && Array.isArray(missing.params.requiredProperties)) {
    const name = String(missing.params.requiredProperties[0]);
    return new ParameterError(name, `${name} is missing`);
  }
  const fault = faults[0];
  const parameter = fault?.instancePath.split('/')[1] ?? '';
  return new ParameterError(parameter, `${parameter} ${fault?.message ?? 'is not valid'}`);
}

function integerMembers(schema: TSchema): string[] {
  const properties = 'properties' in schema ? (schema.properties as Record<string, { type?: string }>) : {};
  return Object.entries(properties).flatMap(([name, member]) => (member.type === 'integer' ? [name] : []));
}
