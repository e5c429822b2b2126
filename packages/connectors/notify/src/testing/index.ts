/** What tests of notifications stand on. A development-only entry: it imports vitest. */
export * from './memory-store.ts';
export * from './recording-observer.ts';
export * from './samples.ts';
export * from './store-conformance.ts';
