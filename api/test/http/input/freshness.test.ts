import assert from 'node:assert/strict';
import type { AppContext } from '../../../http/context.ts';
import { readFreshness } from '../../../http/input/freshness.ts';

describe('readFreshness', () => {
  for (const [header, value, freshness] of [
    ['Cache-Control', '', {}],
    ['Cache-Control', 'no-cache', { noCache: true }],
    ['Cache-Control', 'max-age=5, No-Cache', { noCache: true }],
    ['Cache-Control', 'private, max-age=5', { maxAgeMs: 5000 }],
    ['Cache-Control', 'MAX-AGE="0"', { maxAgeMs: 0 }],
    ['Cache-Control', 'max-age=-1', {}],
    ['Cache-Control', 'max-age=soon', {}],
    ['Cache-Control', 's-maxage=5', {}],
    ['Pragma', 'no-cache', { noCache: true }],
  ] as const)
    it(`reads ${header}: ${value} as ${JSON.stringify(freshness)}`, () => {
      const ctx = { get: (name: string) => (name === header ? value : '') };
      assert.deepEqual(readFreshness(ctx as AppContext), freshness);
    });
});
