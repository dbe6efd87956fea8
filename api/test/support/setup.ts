import assert from 'node:assert/strict';
import { bundleService } from '../../../scripts/bundle.mjs';

// Without a message Node makes one by parsing the source file from the failed line on, for minutes where that is bundled.
const ok: (value: unknown, message: string | Error) => void = assert.ok;
assert.ok = (value: unknown, message: string | Error = 'it is not so: see the line in the stack'): void => {
  ok(value, message);
};

/**
 * Bundles the service once before the tests: started from one file it is up in a third of a second, from its sources
 * through tsx in two. Coverage finds the sources by the source map.
 */
export async function mochaGlobalSetup(): Promise<void> {
  if (process.env['SERVICE_UNDER_TEST'] !== 'build') await bundleService('.test-build/server.js');
}
