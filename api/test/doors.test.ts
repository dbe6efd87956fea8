import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ESLint } from 'eslint';

const root = fileURLToPath(new URL('../../', import.meta.url));

describe('The import rules', () => {
  let eslint: ESLint;
  before(() => {
    eslint = new ESLint({ cwd: root });
  });

  /** Returns the rules that this text violates if it is the content of this file in api/. */
  async function violated(file: string, text: string): Promise<(string | null)[]> {
    assert.ok(
      existsSync(join(root, 'api', file)),
      `${file} does not exist; choose another file of that room`,
    );
    const [result] = await eslint.lintText(text, { filePath: join(root, 'api', file) });
    for (const { fatal, message } of result!.messages) assert.notEqual(fatal, true, message);
    return result!.messages
      .filter(({ ruleId, severity }) => severity === 2 && ruleId?.startsWith('no-restricted-'))
      .map(({ ruleId }) => ruleId);
  }

  const imports: [file: string, forbidden: string[], allowed: string[]][] = [
    [
      'errors.ts',
      ['./config/config.ts', './http/input/body.ts', 'koa', '@aws-sdk/client-ec2'],
      ['node:util'],
    ],
    [
      'telemetry/aws-ledger.ts',
      ['../logger/create-logger.ts', '../aws/clients.ts', '@smithy/types', '@opentelemetry/api'],
      ['node:util', '../errors.ts'],
    ],
    [
      'telemetry/otlp-tracer.ts',
      ['../logger/create-logger.ts', '../config/config.ts', 'koa', 'node:process'],
      ['@opentelemetry/api', './tracer.ts', 'node:crypto'],
    ],
    [
      'config/config.ts',
      ['../server.ts', '../compose.ts', '../aws/clients.ts', 'koa'],
      ['../errors.ts', './api-tokens.ts', '../principals/principal.ts', '../aws/credential-sources.ts'],
    ],
    ['logger/create-logger.ts', ['../config/config.ts', '../server.ts', 'koa'], ['./log-stream.ts', 'pino']],
    ['contract.ts', ['./config/config.ts', './http/routes/list-members.ts', '@koa/router'], ['./errors.ts']],
    ['lifetime.ts', ['./config/config.ts', './app.ts', '@aws-sdk/client-ec2'], ['./logger/log-stream.ts']],
    [
      'async/deadlines.ts',
      ['../load-balancers/instance.ts', '../config/config.ts', 'koa', '@aws-sdk/client-ec2'],
      ['./coalescer.ts', '../errors.ts', '../telemetry/aws-trace.ts', '../clock.ts'],
    ],
    [
      'load-balancers/load-balancer.ts',
      ['./inventory/inventory.ts', './health/health-reader.ts', './changes/membership-changes.ts', 'koa'],
      ['./instance.ts', '../async/deadlines.ts', '../errors.ts', '../telemetry/aws-trace.ts'],
    ],
    [
      'load-balancers/inventory/inventory.ts',
      ['../health/health-reader.ts', '../changes/membership-changes.ts', '../../aws/clients.ts', 'koa'],
      ['./region-cache.ts', '../instance.ts', '../../async/coalescer.ts', '../../errors.ts'],
    ],
    [
      'load-balancers/health/health-reader.ts',
      ['../changes/membership-changes.ts', '../../http/input/body.ts', '@aws-sdk/client-ec2'],
      ['../inventory/inventory.ts', '../member-health.ts', '../../async/coalescer.ts'],
    ],
    [
      'load-balancers/changes/membership-changes.ts',
      [
        '../../aws/clients.ts',
        '../../http/input/body.ts',
        '../../config/config.ts',
        'koa',
        '@aws-sdk/client-ec2',
      ],
      [
        '../health/health-reader.ts',
        '../inventory/inventory.ts',
        '../instance.ts',
        '../../telemetry/logger.ts',
      ],
    ],
    [
      'principals/principal.ts',
      ['koa-basic-auth', 'koa', '../http/context.ts', '../config/config.ts', '@smithy/types'],
      ['../errors.ts', 'node:crypto'],
    ],
    [
      'aws/classic-elb-gateway.ts',
      [
        '../http/input/body.ts',
        '../config/config.ts',
        '../embedded-aws/server.ts',
        '../principals/principal.ts',
        'koa',
      ],
      ['@aws-sdk/client-ec2', './clients.ts', '../load-balancers/instance.ts', '../telemetry/aws-ledger.ts'],
    ],
    [
      'embedded-aws/server.ts',
      [
        '../config/config.ts',
        '../errors.ts',
        '../telemetry/aws-ledger.ts',
        '../clock.ts',
        '../aws/clients.ts',
        'koa',
      ],
      ['node:http', './call-log.ts', './actions/actions.ts'],
    ],
    [
      'embedded-aws/actions/actions.ts',
      ['../../errors.ts', '../../load-balancers/instance.ts', '@smithy/types'],
      ['../protocol/query-protocol.ts', './describe-instances.ts'],
    ],
    [
      'http/input/body.ts',
      [
        ...['../../config/config.ts', '../../aws/aws-errors.ts', '../../compose.ts', '@aws-sdk/client-ec2'],
        ...[
          '../../server.ts',
          '../server/pipeline.ts',
          '../middleware/basic-auth.ts',
          '../routes/list-members.ts',
        ],
      ],
      [
        ...['koa', '../../errors.ts', '../../load-balancers/instance.ts', '../../principals/principal.ts'],
        ...['../context.ts', './parameters.ts', '../answers/conditional-response.ts'],
      ],
    ],
    [
      'http/context.ts',
      ['./input/body.ts', './routes/list-members.ts', '../config/config.ts'],
      ['../telemetry/aws-trace.ts'],
    ],
    [
      'http/answers/list-answer.ts',
      ['../input/body.ts', '../server/pipeline.ts', '../routes/list-members.ts', '../../config/config.ts'],
      ['../context.ts', './presenters/instance.ts', '../../load-balancers/instance.ts'],
    ],
    [
      'http/answers/presenters/change.ts',
      ['../../input/body.ts', '../../server/pipeline.ts', '../../../config/config.ts'],
      ['../error-status.ts', './health.ts', '../../../errors.ts'],
    ],
    [
      'http/logging/request-log.ts',
      ['../answers/list-answer.ts', '../server/pipeline.ts', '../../logger/create-logger.ts'],
      ['../context.ts', './request-summary.ts', '../../telemetry/aws-trace.ts'],
    ],
    [
      'http/server/fast-path.ts',
      ['../middleware/well-formed.ts', '../routes/list-members.ts', '../../server.ts'],
      ['../answers/list-answer.ts', '../input/well-formed.ts', '../logging/request-log.ts', './pipeline.ts'],
    ],
    [
      'http/middleware/basic-auth.ts',
      ['../routes/list-members.ts', '../../config/config.ts'],
      ['../server/pipeline.ts', '../input/parameters.ts', '../answers/error-status.ts'],
    ],
    [
      'http/routes/list-members.ts',
      ['../../aws/clients.ts', '../../config/config.ts', '../../app.ts', '../../embedded-aws/server.ts'],
      ['@koa/router', '../../load-balancers/load-balancer-service.ts', '../middleware/same-origin.ts'],
    ],
    [
      'app.ts',
      ['./aws/clients.ts', './config/config.ts', './compose.ts', '@aws-sdk/client-ec2'],
      ['koa', './http/middleware/basic-auth.ts', './principals/principal.ts'],
    ],
    [
      'compose.ts',
      ['./server.ts', './telemetry/otlp-tracer.ts'],
      ['./embedded-aws/server.ts', './config/config.ts', './app.ts'],
    ],
    [
      'server.ts',
      ['./app.ts', './aws/clients.ts', './http/server/http-server.ts', './embedded-aws/server.ts', 'koa'],
      ['./compose.ts', './config/config.ts', './logger/create-logger.ts', './errors.ts'],
    ],
  ];
  for (const [file, forbidden, allowed] of imports) {
    for (const target of forbidden)
      it(`forbid ${file} to import ${target}`, async () => {
        // Type imports are checked in the same way.
        const text = `import '${target}';
          import type { T } from '${target}';
          export type U = T;
          export * from '${target}';`;
        assert.deepEqual(await violated(file, text), Array(3).fill('no-restricted-imports'));
      });
    it(`allow ${file} to import ${allowed.join(', ')}`, async () => {
      assert.deepEqual(await violated(file, allowed.map((target) => `import '${target}';`).join('\n')), []);
    });
  }

  const timeUses = [
    ...['setTimeout(f, 1);', 'setInterval(f, 1);', 'void performance.now();', 'void Date.now();'],
    ...['void new Date();', 'void AbortSignal.timeout(1);', "import 'node:timers/promises';"],
  ];
  for (const file of [
    ...['warm-up.ts', 'compose.ts', 'async/deadlines.ts', 'load-balancers/inventory/inventory.ts'],
    ...['aws/call-budget.ts', 'http/server/http-server.ts', 'embedded-aws/server.ts'],
  ])
    it(`forbid ${file} to use a clock or a timer that is not injected`, async () => {
      for (const use of timeUses) assert.deepEqual(await violated(file, use), ['no-restricted-syntax'], use);
      assert.deepEqual(await violated(file, 'void new Date(0); setImmediate(f); clearTimeout(t);'), []);
    });
  it('allow clock.ts to use the clock and the timers of the process', async () => {
    for (const use of timeUses) assert.deepEqual(await violated('clock.ts', use), [], use);
  });

  for (const file of [
    'http/input/body.ts',
    'compose.ts',
    'config/config.ts',
    'telemetry/aws-ledger.ts',
    'aws/clients.ts',
    'embedded-aws/server.ts',
  ])
    it(`forbid ${file} to use process`, async () => {
      assert.deepEqual(await violated(file, 'export const { env } = process;'), ['no-restricted-globals']);
    });

  for (const file of ['server.ts', 'telemetry/runtime-metrics.ts', 'embedded-aws/main.ts'])
    it(`allow ${file} to use process`, async () => {
      assert.deepEqual(await violated(file, 'export const { env } = process;'), []);
    });
});
