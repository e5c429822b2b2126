export * from './lake-table.ts';
export * from './engine.ts';
export type { LakeSession } from './session.ts';
export * from './lake-sink.ts';
export { LAKE_MIGRATIONS } from './manifest.ts';
export * from './compaction.ts';
export * from './sweep.ts';
export * from './reader.ts';
