import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { errorStatus } from '../../../http/answers/error-status.ts';

/** The statuses and codes in the table of docs/errors.md. */
const errorsPage = readFileSync(new URL('../../../../docs/errors.md', import.meta.url), 'utf8');
const documented: unknown = Object.fromEntries(
  [...errorsPage.matchAll(/^\| (\d{3}) \| `(\w+)` \|/gm)].map(([, status, code]) => [code, Number(status)]),
);

describe('errorStatus', () => {
  it('has the status of each code in docs/errors.md', () => {
    assert.deepEqual(errorStatus, documented);
  });
});
