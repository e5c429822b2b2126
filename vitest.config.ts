import { defineConfig } from 'vitest/config';

const where = '{packages,apps,test,scripts,bench}/**/';
const special = ['prop', 'int', 'ui', 'chaos'].map((kind) => `**/*.${kind}.test.ts`);
const never = ['**/node_modules/**', '**/dist/**'];
const full = process.env['KIDJAMO_SUITE'] === 'full';
/** Small forms of what the full suite does at full size. */
const small = full ? ['test/e2e/kills.int.test.ts'] : [];

/** Tests that talk to real services: processes of their own, one file per worker, generous limits because machines differ. */
const real = {
  extends: true as const,
  test: {
    exclude: never,
    globalSetup: ['./test/setup/postgres.ts', './test/setup/kafka.ts'],
    pool: 'forks' as const,
    maxWorkers: 2,
    testTimeout: 400_000,
    hookTimeout: 300_000,
    teardownTimeout: 30_000,
    // Vitest's own is a second: what is polled for may take longer on a busy machine.
    expect: { poll: { timeout: 90_000, interval: 20 } },
  },
};

/**
 * The kinds of test, by the ending of the file name. Groups run one after the other, so that a heavy suite never starves a light one.
 * `types` has no project: `*.test-d.ts` files are checked by tsc as part of `npm run check`.
 */
export default defineConfig({
  test: {
    reporters: ['default'],
    // Nothing is retried: a test that passes the second time has found something.
    retry: 0,
    passWithNoTests: true,
    projects: [
      {
        extends: true,
        test: {
          name: 'unit',
          include: [`${where}*.test.ts`],
          exclude: [...never, ...special],
          pool: 'threads',
          testTimeout: 60_000,
          sequence: { groupOrder: 0 },
        },
      },
      {
        extends: true,
        test: {
          name: 'property',
          include: [`${where}*.prop.test.ts`],
          exclude: never,
          pool: 'threads',
          setupFiles: ['./test/setup/property.ts'],
          testTimeout: 300_000,
          sequence: { groupOrder: 1 },
        },
      },
      {
        ...real,
        test: {
          ...real.test,
          name: 'integration',
          include: [`${where}*.int.test.ts`],
          exclude: [...never, ...small],
          sequence: { groupOrder: 2 },
        },
      },
      {
        ...real,
        test: { ...real.test, name: 'ui', include: [`${where}*.ui.test.ts`], maxWorkers: 1, sequence: { groupOrder: 3 } },
      },
      {
        ...real,
        test: {
          ...real.test,
          name: 'chaos',
          // Alone, since it kills processes and counts what is left; only where the full suite is asked for.
          include: full ? [`${where}*.chaos.test.ts`] : [],
          maxWorkers: 1,
          testTimeout: 600_000,
          sequence: { groupOrder: 4 },
        },
      },
    ],
  },
});
