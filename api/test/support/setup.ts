import assert from 'node:assert/strict';
import { takeCoverage } from 'node:v8';
import type { Plugin } from 'esbuild';
import { bundle, bundleService } from '../../../scripts/bundle.mjs';

// Without a message, Node.js parses the source file to create one, which takes minutes for a bundled file.
const ok: (value: unknown, message: string | Error) => void = assert.ok;
assert.ok = (
  value: unknown,
  message: string | Error = 'the value is falsy; see the line in the stack',
): void => {
  ok(value, message);
};

// Remove the AWS settings of the developer, because the AWS SDK reads the environment and tests must be reproducible.
for (const name of Object.keys(process.env))
  if (name.startsWith('AWS_')) Reflect.deleteProperty(process.env, name);
Object.assign(process.env, {
  AWS_CONFIG_FILE: '/dev/null',
  AWS_SHARED_CREDENTIALS_FILE: '/dev/null',
  AWS_EC2_METADATA_DISABLED: 'true',
  AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true',
});

/** Removes the warm-up, which takes more CPU time than the rest of startup. warm-up.test.ts tests the warm-up. */
const noWarmUp: Plugin = {
  name: 'no-warm-up',
  setup: (build) => {
    build.onLoad({ filter: /[/\\]api[/\\]warm-up\.ts$/ }, () => ({
      contents: 'export const warmUp = () => Promise.resolve();',
    }));
  },
};

/**
 * Bundles the programs that tests start as processes. A bundled service starts in 0.3 s; starting from source with tsx
 * takes 2 s. The coverage measurement uses the source maps.
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
  /** Writes the coverage after each file, because mocha kills workers 1 s after the last file. */
  afterAll(): void {
    if (process.env['NODE_V8_COVERAGE'] !== undefined) takeCoverage();
  },
};
