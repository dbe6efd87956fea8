import js from '@eslint/js';
import prettier from 'eslint-config-prettier';
import tseslint from 'typescript-eslint';

/** Which room may not import what: the one-way doors of CONTRIBUTING.md. Patterns are matched against the import's text. */
const anyAws = ['@aws-sdk/*', '@smithy/*'];
/** The environment, the signals and the exit belong to server.ts and lifetime.ts. */
const anyProcess = ['process', 'node:process'];
const anyKoa = ['koa', '@koa/*', 'koa-basic-auth', 'raw-body'];
const rooms = [
  'api-tokens',
  'aws-settings',
  'env-file',
  'setting-names',
  'aws',
  'embedded-aws',
  'http',
  'load-balancers',
  'principals',
  'app',
  'build-info',
  'compose',
  'config',
  'contract',
  'greeting',
  'lifetime',
  'log-stream',
  'log-line',
  'logging',
  'masking',
  'server',
];
const allBut = (...open) =>
  rooms.filter((room) => !open.includes(room)).flatMap((room) => [`**/${room}.ts`, `**/${room}/**`]);

const doors = [
  [
    ['api/errors.ts', 'api/telemetry.ts', 'api/time.ts'],
    [...anyAws, ...anyKoa, ...allBut()],
  ],
  [
    [
      'api/build-info.ts',
      'api/contract.ts',
      'api/log-stream.ts',
      'api/log-line.ts',
      'api/masking.ts',
      'api/setting-names.ts',
    ],
    [...anyAws, ...anyKoa, ...allBut()],
  ],
  [
    ['api/config.ts', 'api/api-tokens.ts', 'api/aws-settings.ts', 'api/env-file.ts'],
    [...anyAws, ...anyKoa, ...allBut('api-tokens', 'aws-settings', 'setting-names')],
  ],
  [
    ['api/logging.ts', 'api/lifetime.ts'],
    [...anyAws, ...anyKoa, ...allBut('log-line', 'log-stream', 'masking')],
  ],
  [['api/greeting.ts'], [...anyAws, ...anyKoa, ...allBut('api-tokens', 'config')]],
  [['api/load-balancers/**'], [...anyAws, ...anyKoa, ...allBut()]],
  [['api/principals/**'], [...anyAws, ...anyKoa, ...allBut()]],
  [['api/aws/**'], [...anyKoa, ...allBut('load-balancers')]],
  [
    ['api/embedded-aws/**'],
    [
      ...anyAws,
      ...anyKoa,
      '../../*',
      '**/errors.ts',
      '**/telemetry.ts',
      '**/time.ts',
      ...allBut(),
      '!./server.ts',
    ],
  ],
  [['api/http/**'], [...anyAws, ...allBut('http', 'load-balancers', 'principals')]],
  [['api/app.ts'], [...anyAws, ...allBut('http', 'load-balancers', 'principals')]],
  [
    ['api/compose.ts', 'api/warm-up.ts'],
    ['**/server.ts', '!**/embedded-aws/server.ts'],
  ],
  [
    ['api/server.ts'],
    [
      ...anyAws,
      ...anyKoa,
      ...allBut('config', 'compose', 'env-file', 'greeting', 'lifetime', 'logging', 'log-stream', 'masking'),
    ],
  ],
];

export default tseslint.config(
  { ignores: ['dist/', '.test-build/', 'coverage/', 'terraform-ts/', 'api/test/clients/programs/'] },
  js.configs.recommended,
  // Without the rules that need types: oxlint checks those, in an eighth of the time (see .oxlintrc.json).
  tseslint.configs.strict,
  {
    languageOptions: {
      globals: { process: 'readonly', console: 'readonly', URL: 'readonly', Buffer: 'readonly' },
    },
    rules: {
      '@typescript-eslint/consistent-type-imports': 'error',
    },
  },
  ...doors.map(([files, group]) => ({
    files,
    rules: {
      'no-restricted-imports': [
        'error',
        {
          patterns: [
            {
              group:
                files.includes('api/server.ts') || files.includes('api/embedded-aws/**')
                  ? group
                  : [...anyProcess, ...group],
              message: 'This room has no door there: see CONTRIBUTING.md.',
            },
          ],
        },
      ],
    },
  })),
  {
    files: ['api/**/*.ts'],
    ignores: ['api/server.ts', 'api/lifetime.ts', 'api/embedded-aws/main.ts', 'api/test/**'],
    rules: {
      'no-restricted-properties': ['error', { object: 'globalThis', property: 'process' }],
      'no-restricted-globals': [
        'error',
        {
          name: 'process',
          message: 'server.ts, lifetime.ts and embedded-aws/main.ts alone touch the process.',
        },
      ],
    },
  },
  {
    files: ['api/test/**/*.ts', 'scripts/test/**/*.ts'],
    rules: { '@typescript-eslint/no-non-null-assertion': 'off' },
  },
  prettier,
);
