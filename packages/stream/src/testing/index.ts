/** What tests of connectors and tasks stand on. A development-only entry: it imports vitest. */
export * from './log-conformance.ts';
export * from './manual-clock.ts';
export * from './memory-log.ts';
export * from './commit-conformance.ts';
export * from './memory-task-store.ts';
export * from './memory-task-context.ts';
export * from './sink-conformance.ts';
