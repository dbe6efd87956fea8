import js from '@eslint/js';
import prettier from 'eslint-config-prettier';
import tseslint from 'typescript-eslint';

/** The imports that each room must not use; CONTRIBUTING.md lists the rooms. Patterns match the text of the import. */
const anyAws = ['@aws-sdk/*', '@smithy/*'];
/** Only a few files, which are listed below, may use the environment, signals and the exit of the process. */
const anyProcess = ['process', 'node:process'];
/** Only otlp-tracer.ts uses OpenTelemetry's SDK, and only compose.ts loads it, on demand. */
const anyOpenTelemetry = ['@opentelemetry/*', '**/otlp-tracer.ts'];
const anyKoa = ['koa', '@koa/*', 'koa-basic-auth', 'koa-helmet', 'raw-body'];
const folders = ['async', 'aws', 'config', 'embedded-aws', 'http', 'load-balancers', 'logger', 'principals'];
const files = [
  'app',
  'build-info',
  'compose',
  'contract',
  'greeting',
  'lifetime',
  'listen',
  'options',
  'server',
  'start-error',
  'warm-up',
];
const allBut = (...open) => [
  ...folders.filter((name) => !open.includes(name)).map((name) => `**/${name}/**`),
  ...files.filter((name) => !open.includes(name)).map((name) => `**/${name}.ts`),
];

/** The rooms in api/http. Each may import the ones listed after it. */
const httpRooms = ['routes', 'middleware', 'server', 'input', 'answers', 'logging', 'context'];

/** The rooms in the domain. Each may import the ones listed before it. */
const useCases = ['**/inventory/**', '**/health/**', '**/changes/**'];

const doors = [
  [
    [
      'api/errors.ts',
      'api/telemetry/**',
      'api/clock.ts',
      'api/edit-distance.ts',
      'api/build-info.ts',
      'api/contract.ts',
      'api/logger/**',
      'api/async/**',
      'api/principals/**',
    ],
    [...anyAws, ...anyKoa, ...allBut()],
  ],
  [['api/telemetry/otlp-tracer.ts'], [...anyAws, ...anyKoa, ...allBut()]],
  [['api/config/**'], [...anyAws, ...anyKoa, ...allBut('principals'), '!**/aws/credential-sources.ts']],
  [
    ['api/lifetime.ts', 'api/start-error.ts'],
    [...anyAws, ...anyKoa, ...allBut('logger')],
  ],
  [['api/listen.ts'], [...anyAws, ...anyKoa, ...allBut('config', 'compose', 'greeting')]],
  [['api/options.ts'], [...anyAws, ...anyKoa, ...allBut('start-error')]],
  [['api/greeting.ts'], [...anyAws, ...anyKoa, ...allBut('config')]],
  [['api/load-balancers/*.ts'], [...anyAws, ...anyKoa, ...allBut('async'), ...useCases]],
  [
    ['api/load-balancers/inventory/**'],
    [...anyAws, ...anyKoa, ...allBut('async'), '**/health/**', '**/changes/**'],
  ],
  [['api/load-balancers/health/**'], [...anyAws, ...anyKoa, ...allBut('async'), '**/changes/**']],
  [['api/load-balancers/changes/**'], [...anyAws, ...anyKoa, ...allBut('async')]],
  [['api/aws/**'], [...anyKoa, ...allBut('load-balancers'), ...useCases]],
  [
    ['api/embedded-aws/**'],
    [
      ...anyAws,
      ...anyKoa,
      '../../*',
      '**/errors.ts',
      '**/telemetry/**',
      '../clock.ts',
      ...allBut(),
      '!./server.ts',
      '!./options.ts',
    ],
  ],
  ...httpRooms.map((room, index) => [
    [`api/http/${room}/**`, `api/http/${room}.ts`],
    [
      ...[...anyAws, ...allBut('http', 'load-balancers', 'principals')],
      ...httpRooms.slice(0, index).map((above) => `**/${above}/**`),
    ],
  ]),
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
      ...allBut('config', 'compose', 'lifetime', 'listen', 'logger', 'options', 'start-error'),
    ],
  ],
];

export default tseslint.config(
  { ignores: ['dist/', '.test-build/', 'coverage/', 'terraform-ts/', 'api/test/clients/programs/'] },
  js.configs.recommended,
  // oxlint checks the rules that require types, because it takes an eighth of the time (see .oxlintrc.json).
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
                  ? [...anyOpenTelemetry, ...group]
                  : files.includes('api/telemetry/otlp-tracer.ts')
                    ? [...anyProcess, ...group]
                    : [...anyProcess, ...anyOpenTelemetry, ...group],
              message: 'This room must not import this module; see "Rooms" in CONTRIBUTING.md.',
            },
          ],
        },
      ],
    },
  })),
  {
    files: ['api/**/*.ts'],
    ignores: [
      'api/server.ts',
      'api/lifetime.ts',
      'api/telemetry/runtime-metrics.ts',
      'api/embedded-aws/main.ts',
      'api/test/**',
    ],
    rules: {
      'no-restricted-properties': ['error', { object: 'globalThis', property: 'process' }],
      'no-restricted-globals': [
        'error',
        {
          name: 'process',
          message:
            'Only server.ts, lifetime.ts, telemetry/runtime-metrics.ts and embedded-aws/main.ts may use process.',
        },
      ],
    },
  },
  {
    files: ['api/**/*.ts'],
    // The two clocks; the process, its output and its parent; and the SDK of OpenTelemetry, which has its own timers.
    ignores: [
      'api/clock.ts',
      'api/embedded-aws/region/clock.ts',
      'api/embedded-aws/main.ts',
      'api/lifetime.ts',
      'api/logger/log-stream.ts',
      'api/telemetry/otlp-tracer.ts',
      'api/test/**',
    ],
    rules: {
      'no-restricted-syntax': [
        'error',
        ...[
          'CallExpression[callee.name=/^set(Timeout|Interval)$/]',
          "MemberExpression[object.name='performance'][property.name='now']",
          "MemberExpression[object.name='Date'][property.name='now']",
          "NewExpression[callee.name='Date'][arguments.length=0]",
          "MemberExpression[object.name='AbortSignal'][property.name='timeout']",
          'ImportDeclaration[source.value=/^(node:)?timers/]',
        ].map((selector) => ({ selector, message: 'Use an injected clock; see api/clock.ts.' })),
      ],
    },
  },
  {
    files: ['api/test/**/*.ts', 'scripts/test/**/*.ts'],
    rules: { '@typescript-eslint/no-non-null-assertion': 'off' },
  },
  prettier,
);
