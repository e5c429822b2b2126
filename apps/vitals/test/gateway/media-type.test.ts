import { expect, test } from 'vitest';

import { bodyType, preferredForm } from '../../src/gateway/media-type.ts';

test.each([
  [undefined, 'json'],
  ['*/*', 'json'],
  ['application/json', 'json'],
  ['text/plain', 'prometheus'],
  ['text/plain, application/json', 'json'],
  ['application/json;q=0.5, text/plain;q=0.9', 'prometheus'],
  ['text/html,application/xhtml+xml,*/*;q=0.8', 'json'],
  ['application/openmetrics-text;version=1.0.0;q=0.5,text/plain;version=0.0.4;q=0.3,*/*;q=0.2', 'openmetrics'],
  ['application/openmetrics-text', 'openmetrics'],
  ['text/*;q=0.9, */*;q=0.1', 'prometheus'],
  ['application/*, text/plain;q=0.9', 'json'],
  ['image/png', 'json'],
  ['text/plain;q=nonsense', 'json'],
  ['', 'json'],
])('Accept %j gives %s', (accept, form) => {
  expect(preferredForm(accept)).toBe(form);
});

test.each([
  [undefined, undefined, 'json'],
  ['application/json', undefined, 'json'],
  ['application/json; charset=UTF-8', undefined, 'json'],
  ['application/vnd.kidjamo+json', undefined, 'json'],
  ['application/x-ndjson', undefined, 'ndjson'],
  ['application/json; charset=latin1', undefined, 'other'],
  ['application/json', 'gzip', 'other'],
  ['application/json', 'identity', 'json'],
  ['text/plain', undefined, 'other'],
  ['', undefined, 'other'],
  ['application/jsonx', undefined, 'other'],
])('Content-Type %j with encoding %j is %s', (type, encoding, kind) => {
  expect(bodyType(type, encoding)).toBe(kind);
});
