import assert from 'node:assert/strict';
import { takeCoverage } from 'node:v8';
import type { Plugin } from 'esbuild';
import { bundle, bundleService } from '../../../scripts/bundle.mjs';

// Without a message Node makes one by parsing the source file from the failed line on, for minutes where that is bundled.
const ok: (value: unknown, message: string | Error) => void = assert.ok;
assert.ok = (value: unknown, message: string | Error = 'it is not so: see the line in the stack'): void => {
  ok(value, message);
};

// The SDK in this process reads its environment: a developer's profile must not change what the tests see.
for (const name of Object.keys(process.env))
  if (name.startsWith('AWS_')) Reflect.deleteProperty(process.env, name);
Object.assign(process.env, {
  AWS_CONFIG_FILE: '/dev/null',
  AWS_SHARED_CREDENTIALS_FILE: '/dev/null',
  AWS_EC2_METADATA_DISABLED: 'true',
  AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true',
});

/**
 * The warm-up takes more processor time than the rest of a start, and a test of a process gains nothing from it;
 * warm-up.test.ts covers it.
 */
const noWarmUp: Plugin = {
  name: 'no-warm-up',
  setup: (build) => {
    build.onLoad({ filter: /[/\\]api[/\\]warm-up\.ts$/ }, () => ({
      contents: 'export const warmUp = () => Promise.resolve();',
    }));
  },
};

/**
 * Bundles the programs once for the tests that start them as processes: from one file the service listens after a third
 * of a second, from its sources through tsx after two. Coverage finds the sources by the source map.
 */
export async function mochaGlobalSetup(): Promise<void> {
  if (process.env['SERVICE_UNDER_TEST'] === 'build') return;
  await Promise.all([
    bundleService('.test-build/server.js', { plugins: [noWarmUp] }),
    bundle('api/embedded-aws/main.ts', '.test-build/embedded-aws.js'),
    bundle('api/test/support/lifetime-program.ts', '.test-build/lifetime.js'),
  ]);
}

export const mochaHooks = {
  /** At the end of each file: a worker that has not written its coverage a second after the last file is killed. */
  afterAll(): void {
    if (process.env['NODE_V8_COVERAGE'] !== undefined) takeCoverage();
  },
};
