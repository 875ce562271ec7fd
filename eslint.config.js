import eslint from '@eslint/js';
import { builtinRules } from 'eslint/use-at-your-own-risk';
import tseslint from 'typescript-eslint';

const timers = ['setTimeout', 'setInterval'].map((name) => ({
  name,
  message: 'Use the Clock port (src/common/clock.ts).',
}));

/** Rules for code that ships: time and the process are reached through ports only. */
const shippedCode = {
  'no-restricted-globals': [
    'error',
    ...timers,
    { name: 'process', message: 'Only src/cli reads the environment, arguments or exits.' },
    { name: 'console', message: 'Use the Logger port (src/common/logger.ts).' },
  ],
  'no-restricted-properties': [
    'error',
    { object: 'Date', property: 'now', message: 'Use the Clock port (src/common/clock.ts).' },
    { object: 'performance', property: 'now', message: 'Use the Clock port.' },
  ],
  'no-restricted-imports': [
    'error',
    {
      paths: [
        { name: 'node:timers', message: 'Use the Clock port.' },
        { name: 'node:timers/promises', message: 'Use the Clock port.' },
        { name: 'node:process', message: 'Only src/cli reads the process.' },
        { name: 'node:assert', message: 'Throw a typed error.' },
      ],
    },
  ],
};

export default tseslint.config(
  {
    ignores: ['dist/', 'coverage/', 'data/', 'logs/', 'run/', 'benchmark/build/', 'node_modules/'],
  },
  { linterOptions: { reportUnusedDisableDirectives: 'error' } },
  eslint.configs.recommended,
  {
    files: ['**/*.js', '**/*.mjs', '**/*.cjs'],
    languageOptions: {
      globals: {
        process: 'readonly',
        console: 'readonly',
        Buffer: 'readonly',
        setTimeout: 'readonly',
        setImmediate: 'readonly',
        module: 'writable',
        require: 'readonly',
      },
    },
  },
  {
    files: ['**/*.ts'],
    extends: [tseslint.configs.strictTypeChecked],
    languageOptions: {
      parserOptions: {
        project: './tsconfig.json',
        tsconfigRootDir: import.meta.dirname,
      },
    },
    plugins: { local: { rules: { 'long-file': builtinRules.get('max-lines') } } },
    rules: {
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/consistent-type-exports': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': 'error',
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/explicit-module-boundary-types': 'error',
      '@typescript-eslint/restrict-template-expressions': [
        'error',
        { allowNumber: true, allowBoolean: true },
      ],
      // One base class per error family and mapped `as const` pairs share a name with their type.
      '@typescript-eslint/no-redeclare': 'off',
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_' }],
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
      eqeqeq: 'error',
      'no-console': 'error',
      'object-shorthand': 'error',
      'prefer-const': 'error',
      'no-redeclare': 'off',
      'max-lines': ['error', 500],
      'local/long-file': ['warn', 300],
    },
  },
  { files: ['src/**/*.ts'], ignores: ['src/cli/**'], rules: shippedCode },
  {
    // The one place of the clock.
    files: ['src/common/clock.ts'],
    rules: { 'no-restricted-globals': 'off', 'no-restricted-properties': 'off' },
  },
  {
    // The composition root owns the process; time still comes from the clock.
    files: ['src/cli/**/*.ts'],
    rules: {
      'no-restricted-globals': ['error', ...timers],
      'no-restricted-properties': shippedCode['no-restricted-properties'],
    },
  },
  {
    files: ['test/**/*.ts', 'benchmark/**/*.ts', 'example/**/*.ts', 'scripts/**/*.ts'],
    rules: {
      // chai's `expect(x).to.be.true` is an expression statement.
      '@typescript-eslint/no-unused-expressions': 'off',
      '@typescript-eslint/explicit-module-boundary-types': 'off',
      // Tests name what must be there; a missing one fails the test with a clear message anyway.
      '@typescript-eslint/no-non-null-assertion': 'off',
      // Test doubles implement asynchronous ports without waiting.
      '@typescript-eslint/require-await': 'off',
      '@typescript-eslint/no-empty-function': 'off',
      '@typescript-eslint/unbound-method': 'off',
      // Tests act on the few packets that they are about.
      '@typescript-eslint/switch-exhaustiveness-check': [
        'error',
        { considerDefaultExhaustiveForUnions: true },
      ],
      'no-console': 'off',
      'max-lines': ['error', 600],
      'local/long-file': 'off',
    },
  },
);
