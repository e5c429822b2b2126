/** Checks a parsed body against its schema, and says what is wrong with it without repeating any value. */

import type { Static, TSchema } from 'typebox';
import { Compile } from 'typebox/compile';

import type { Fault } from '../contracts/formats/answers.ts';
import { escapeToken } from './json-scan.ts';

/** A compiled format. */
export interface Format<S extends TSchema> {
  check(value: unknown): value is Static<S>;
  /** What is wrong; not empty when {@link check} said no. */
  faults(value: unknown): readonly Fault[];
}

/** Compiles a schema. Checking is fast; only a value that fails is looked at in detail. */
export function compileFormat<S extends TSchema>(schema: S): Format<S> {
  const validator = Compile(schema);
  return {
    check: (value): value is Static<S> => validator.Check(value),
    faults: (value) => describe(validator.Errors(value)),
  };
}

/** What the validator reports. */
interface SchemaError {
  readonly keyword: string;
  readonly instancePath: string;
  readonly params: Readonly<Record<string, unknown>>;
}

function describe(errors: readonly SchemaError[]): readonly Fault[] {
  const details = new Map<string, Set<string>>();
  const choices = new Map<string, string[]>();
  const add = (pointer: string, detail: string): void => {
    const set = details.get(pointer);
    if (set === undefined) details.set(pointer, new Set([detail]));
    else set.add(detail);
  };
  for (const { keyword, instancePath, params } of errors) {
    if (keyword === 'required' && Array.isArray(params['requiredProperties'])) {
      for (const name of params['requiredProperties'] as string[]) add(`${instancePath}/${escapeToken(name)}`, 'is required');
    } else if (keyword === 'const') {
      choices.set(instancePath, [...(choices.get(instancePath) ?? []), String(params['allowedValue'])]);
    } else if (keyword !== 'anyOf') add(instancePath, sentence(keyword, params));
  }
  // Of a choice, its type says nothing more.
  for (const [pointer, values] of choices) details.set(pointer, new Set([`must be one of ${values.join(', ')}`]));
  // A union reports its outer alternative too; what is wrong deeper inside says more.
  const pointers = [...details.keys()];
  const deepest = pointers.filter((pointer) => !pointers.some((other) => other.startsWith(`${pointer}/`)));
  return deepest.map((pointer) => ({ pointer, detail: [...(details.get(pointer) ?? [])].join(' or ') }));
}

const TYPES: Readonly<Record<string, string>> = {
  number: 'must be a finite number',
  string: 'must be text',
  object: 'must be an object',
  array: 'must be an array',
  null: 'null',
};

function sentence(keyword: string, params: Readonly<Record<string, unknown>>): string {
  switch (keyword) {
    case 'type':
      return TYPES[String(params['type'])] ?? `must be of type ${String(params['type'])}`;
    case 'minLength':
      return 'must not be empty';
    case 'maxLength':
      return `must have ${String(params['limit'])} characters at most`;
    case 'pattern':
      return 'must not hold control characters or lone surrogates';
    default:
      return `does not satisfy ${keyword}`;
  }
}
