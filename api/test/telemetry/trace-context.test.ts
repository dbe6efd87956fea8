import assert from 'node:assert/strict';
import { readTraceparent, writeTraceparent } from '../../telemetry/trace-context.ts';

const traceId = '4bf92f3577b34da6a3ce929d0e0e4736';
const spanId = '00f067aa0ba902b7';

describe('readTraceparent', () => {
  for (const [what, header] of [
    ['nothing', ''],
    ['a missing field', `00-${traceId}-${spanId}`],
    ['upper case', `00-${traceId.toUpperCase()}-${spanId}-01`],
    ['a trace id of zeros', `00-${'0'.repeat(32)}-${spanId}-01`],
    ['a span id of zeros', `00-${traceId}-${'0'.repeat(16)}-01`],
    ['a short trace id', `00-${traceId.slice(1)}-${spanId}-01`],
    ['a long span id', `00-${traceId}-${spanId}0-01`],
    ['the forbidden version ff', `ff-${traceId}-${spanId}-01`],
    ['a fifth field in version 00', `00-${traceId}-${spanId}-01-x`],
    ['an empty fifth field in version 00', `00-${traceId}-${spanId}-01-`],
    ['a later version with characters after the flags', `01-${traceId}-${spanId}-01x`],
    ['two headers', `00-${traceId}-${spanId}-01, 00-${traceId}-${spanId}-01`],
    ['a line break', `00-${traceId}-${spanId}-01\n`],
    ['letters other than hexadecimal digits', `00-${traceId}-${spanId}-0g`],
  ] as const)
    it(`returns undefined for ${what}`, () => {
      assert.equal(readTraceparent(header), undefined);
    });

  for (const [what, header, sampled] of [
    ['a sampled parent', `00-${traceId}-${spanId}-01`, true],
    ['a parent that is not sampled', `00-${traceId}-${spanId}-00`, false],
    ['further flags', `00-${traceId}-${spanId}-03`, true],
    ['flags without the one for sampling', `00-${traceId}-${spanId}-fe`, false],
    ['a later version', `cc-${traceId}-${spanId}-01`, true],
    ['a later version with further fields', `cc-${traceId}-${spanId}-01-what-the-future-is`, true],
  ] as const)
    it(`reads ${what}`, () => {
      assert.deepEqual(readTraceparent(header), { traceId, spanId, sampled });
    });
});

describe('writeTraceparent', () => {
  it('writes version 00 with the flag for sampling', () => {
    for (const flags of ['00', '01']) {
      const header = `00-${traceId}-${spanId}-${flags}`;
      assert.equal(writeTraceparent(readTraceparent(header)!), header);
    }
  });
});
