/**
 * PostgreSQL for tests: one embedded server for a run, and a database of its own for each test file, cloned from a template that has the
 * migrations applied once.
 */

export { createTestDatabase } from './test-database.ts';
export type { TestDatabase } from './test-database.ts';
export { startTestPostgres, TEST_DATABASE_URL } from './test-server.ts';
export type { TestServer } from './test-server.ts';
