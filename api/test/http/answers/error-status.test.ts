import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { DomainError, type ErrorCode } from '../../../errors.ts';
import { errorStatus } from '../../../http/answers/error-status.ts';
import { messageOf } from '../../support/service.ts';
import { serverOf, type SmallServer } from '../server-of.ts';

/** The statuses and codes of the table of failures in docs/errors.md. */
const errorsPage = readFileSync(new URL('../../../../docs/errors.md', import.meta.url), 'utf8');
const documented: unknown = Object.fromEntries(
  [...errorsPage.matchAll(/^\| (\d{3}) \| `(\w+)` \|/gm)].map(([, status, code]) => [code, Number(status)]),
);

describe('The error handler', () => {
  let thrown: unknown;
  let server: SmallServer;
  before(async () => {
    server = await serverOf((ctx) => {
      Object.assign(ctx.state, { requestId: 'request-7' });
      throw thrown;
    });
  });
  after(() => server.close());

  it('has the status of each code that docs/errors.md states', () => {
    assert.deepEqual(errorStatus, documented);
  });

  for (const [code, status] of Object.entries(errorStatus) as [ErrorCode, number][])
    it(`answers ${code} with ${status}, the problem and the advice, and not the cause`, async () => {
      thrown = new DomainError(code, 'a problem', { advice: 'an advice', cause: new Error('internal') });
      const response = await fetch(server.url);
      assert.equal(response.status, status);
      assert.equal(response.headers.get('error-code'), code);
      assert.match(response.headers.get('content-type') ?? '', /^application\/json/);
      assert.deepEqual(await response.json(), { message: 'a problem; an advice' });
      assert.equal(response.headers.has('www-authenticate'), status === 401);
      assert.equal(response.headers.has('retry-after'), false);
      assert.equal(response.headers.has('allow'), false);
    });

  it('answers with Retry-After and Allow where the error has them', async () => {
    thrown = new DomainError('aws_throttled', 'a problem', { retryAfterSeconds: 3, allow: ['GET', 'HEAD'] });
    const { headers } = await fetch(server.url);
    assert.equal(headers.get('retry-after'), '3');
    assert.equal(headers.get('allow'), 'GET, HEAD');
  });

  it('says to a new advice what the old problem was', async () => {
    thrown = new DomainError('aws_unreachable', 'a problem', {
      advice: 'old',
      retryAfterSeconds: 2,
    }).withAdvice('new');
    const response = await fetch(server.url);
    assert.equal(response.status, 504);
    assert.equal(response.headers.get('retry-after'), '2');
    assert.equal(await messageOf(response), 'a problem; new');
  });

  for (const error of [
    new TypeError('internal'),
    Object.assign(new Error('internal'), { status: 404, expose: true }),
    'internal',
  ])
    it(`answers ${typeof error === 'string' ? 'a thrown text' : error.name} with 500 and the request id alone`, async () => {
      thrown = error;
      const response = await fetch(server.url);
      assert.equal(response.status, 500);
      assert.equal(response.headers.get('error-code'), 'internal_error');
      const message = await messageOf(response);
      assert.match(message, /unexpected error.*the log.*request-7$/);
      assert.doesNotMatch(message, /internal/);
    });

  it('answers HEAD with the same status and no body', async () => {
    thrown = new DomainError('elb_not_found', 'a problem');
    const response = await fetch(server.url, { method: 'HEAD' });
    assert.equal(response.status, 404);
    assert.equal(await response.text(), '');
  });
});
