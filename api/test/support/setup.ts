import assert from 'node:assert/strict';
import { takeCoverage } from 'node:v8';
import { bundleService } from '../../../scripts/bundle.mjs';

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
 * Bundles the service once for the tests that start it as a process: from one file it listens after a third of a
 * second, from its sources through tsx after two. Coverage finds the sources by the source map.
 */
export async function mochaGlobalSetup(): Promise<void> {
  if (process.env['SERVICE_UNDER_TEST'] !== 'build') await bundleService('.test-build/server.js');
}

export const mochaHooks = {
  /** At the end of each file: a worker that has not written its coverage a second after the last file is killed. */
  afterAll(): void {
    if (process.env['NODE_V8_COVERAGE'] !== undefined) takeCoverage();
  },
};
