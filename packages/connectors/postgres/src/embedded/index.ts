export { startEmbeddedPostgres } from './embedded-postgres.ts';
export type { EmbeddedPostgres, EmbeddedPostgresLog, EmbeddedPostgresOptions, SupervisionEvents } from './embedded-postgres.ts';
export { isRunning, processStart, thisProcess } from './process-table.ts';
export type { ProcessIdentity } from './process-table.ts';
export type { DatabasePasswords } from './roles.ts';
