import js from '@eslint/js';
import { defineConfig } from 'eslint/config';
import tseslint from 'typescript-eslint';

/** Time comes from a Clock that is handed in, so that tests move it by hand and replays give the same answers. */
const clockRules = [
  {
    selector: "CallExpression[callee.object.name='Date'][callee.property.name='now']",
    message: 'Take a Clock (packages/stream/src/clock.ts) instead of reading the time.',
  },
  {
    selector: "NewExpression[callee.name='Date'][arguments.length=0]",
    message: 'Take a Clock (packages/stream/src/clock.ts) instead of reading the time.',
  },
];

/** An error without a code can be neither documented, nor retried, nor counted. */
const errorRule = {
  selector: "ThrowStatement > NewExpression[callee.name='Error']",
  message: 'Throw a KidjamoError with a code from packages/stream/src/errors.ts.',
};

const tests = ['**/test/**/*.ts', '**/*.test.ts', '**/src/testing/**/*.ts'];

export default defineConfig(
  { ignores: ['**/node_modules/', '**/dist/', 'coverage/', '.kidjamo/'] },
  { linterOptions: { reportUnusedDisableDirectives: 'error' } },
  js.configs.recommended,
  {
    files: ['**/*.ts'],
    extends: [tseslint.configs.strictTypeChecked],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/no-misused-promises': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/max-params': ['error', { max: 3, countVoidThis: false }],
      'max-lines': ['error', { max: 600, skipBlankLines: true, skipComments: true }],
      'no-restricted-syntax': ['error', ...clockRules, errorRule],
      eqeqeq: 'error',
      'no-console': 'error',

      // Numbers and booleans read the same in a template as in String(): only objects and nullish values are mistakes there.
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true, allowBoolean: true }],
      // `() => save()` for a promise-less callback is plain; the braces it asks for add nothing.
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true, ignoreVoidOperator: true }],
      // It believes that `signal.aborted`, once false, stays false across an await, and asks to delete the very checks that end a loop.
      '@typescript-eslint/no-unnecessary-condition': 'off',
      // Implementing an asynchronous contract with a synchronous body is normal; `async` is what keeps its throws rejections.
      '@typescript-eslint/require-await': 'off',
      // `query<Row>(sql)` names the shape of what comes back, which only the caller knows.
      '@typescript-eslint/no-unnecessary-type-parameters': 'off',
      // The index signatures are read with brackets on purpose: tsconfig sets noPropertyAccessFromIndexSignature.
      '@typescript-eslint/dot-notation': 'off',
      // `_` names what a contract hands over and this implementation does not need.
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', ignoreRestSiblings: true }],
    },
  },
  { files: ['packages/stream/src/clock.ts'], rules: { 'no-restricted-syntax': ['error', errorRule] } },
  {
    // Programs that a person runs may print, read the real time and fail with a plain error.
    files: ['apps/host/src/cli/**/*.ts', 'scripts/**/*.ts', 'bench/**/*.ts'],
    rules: { 'no-console': 'off' },
  },
  { files: ['scripts/**/*.ts', 'bench/**/*.ts', '*.ts'], rules: { 'no-restricted-syntax': 'off' } },
  {
    files: tests,
    rules: {
      'no-restricted-syntax': 'off',
      'no-console': 'off',
      // Fixtures are often objects of functions, and a test may hand one over on its own.
      '@typescript-eslint/unbound-method': 'off',
      // Cells of a query's rows are unknown; a wrong text fails the assertion anyway.
      '@typescript-eslint/no-base-to-string': 'off',
    },
  },
  // The page runs in a browser; tsc checks its names (apps/dashboard/tsconfig.json).
  { files: ['apps/dashboard/public/**/*.js'], rules: { 'no-undef': 'off', eqeqeq: ['error', 'always', { null: 'ignore' }] } },
  {
    files: ['**/*.js', '**/*.mjs', '**/*.cjs'],
    languageOptions: {
      globals: {
        process: 'readonly',
        console: 'readonly',
        URL: 'readonly',
        setTimeout: 'readonly',
        setInterval: 'readonly',
        clearInterval: 'readonly',
        module: 'writable',
      },
    },
  },
);
