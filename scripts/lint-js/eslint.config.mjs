// What is checked in JavaScript: mistakes, not style. The packages are in build/lint-js, where ./install puts them.
import { createRequire } from 'node:module';

const require = createRequire(new URL('../../build/lint-js/', import.meta.url));
const js = require('@eslint/js');
const globals = require('globals');

// What a handler sees beside the language: guest/prelude.js and guest/builtins.c.
const handlerGlobals = Object.fromEntries(['$args', '$emit', '$ext', '$log', '$scope', '$state', '$time', '$view', 'crypto', 'performance',
  'TextDecoder', 'TextEncoder'].map((name) => [name, 'readonly']));

export default [
  { linterOptions: { reportUnusedDisableDirectives: 'error' } },
  {
    ...js.configs.recommended,
    rules: {
      ...js.configs.recommended.rules,
      'array-callback-return': 'error',
      eqeqeq: 'error',
      'no-constructor-return': 'error',
      'no-control-regex': 'off', // what is sent to terminals is looked at
      'no-empty': ['error', { allowEmptyCatch: true }],
      'no-implicit-globals': 'error',
      'no-promise-executor-return': 'error',
      'no-self-compare': 'error',
      'no-shadow': 'error',
      'no-unreachable-loop': 'error',
      'no-unused-vars': ['error', { ignoreRestSiblings: true, args: 'after-used' }],
      'no-use-before-define': ['error', { functions: false, classes: false, variables: false }],
      'no-useless-assignment': 'error',
      'no-var': 'error',
      'prefer-const': 'error',
      'prefer-promise-reject-errors': 'error',
    },
  },
  { files: ['**/*.mjs'], languageOptions: { ecmaVersion: 2025, sourceType: 'module', globals: globals.node } },
  {
    files: ['examples/**/*.js'],
    languageOptions: { ecmaVersion: 2025, sourceType: 'commonjs', globals: handlerGlobals },
  },
  {
    files: ['guest/*.js'],
    languageOptions: { ecmaVersion: 2025, sourceType: 'script' },
  },
];
