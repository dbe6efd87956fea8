import assert from 'node:assert/strict';
import { DomainError, type ErrorCode } from '../../../errors.ts';
import { errorStatus } from '../../../http/answers/error-status.ts';
import type { ElbName, InstanceId } from '../../../load-balancers/instance.ts';
import { messageOf } from '../../support/service.ts';
import { serverOf, type SmallServer } from '../server-of.ts';

describe('errorHandler', () => {
  let thrown: unknown;
  let server: SmallServer;
  before(async () => {
    server = await serverOf((ctx) => {
      Object.assign(ctx.state, { requestId: 'request-7' });
      throw thrown;
    });
  });
  after(() => server.close());

  for (const [code, status] of Object.entries(errorStatus) as [ErrorCode, number][])
    it(`responds to ${code} with ${status}, the problem and the advice, without the cause`, async () => {
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

  it('sends Retry-After and Allow if the error has them', async () => {
    thrown = new DomainError('aws_throttled', 'a problem', { retryAfterSeconds: 3, allow: ['GET', 'HEAD'] });
    const { headers } = await fetch(server.url);
    assert.equal(headers.get('retry-after'), '3');
    assert.equal(headers.get('allow'), 'GET, HEAD');
  });

  it('keeps the problem of an error with new advice', async () => {
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
    it(`responds to ${typeof error === 'string' ? 'a thrown string' : error.name} with 500 and no detail but the request id`, async () => {
      thrown = error;
      const response = await fetch(server.url);
      assert.equal(response.status, 500);
      assert.equal(response.headers.get('error-code'), 'internal_error');
      const message = await messageOf(response);
      assert.match(message, /unexpected error.*the log.*request-7$/);
      assert.doesNotMatch(message, /internal/);
    });

  it('responds to HEAD with the same status and no body', async () => {
    thrown = new DomainError('elb_not_found', 'a problem');
    const response = await fetch(server.url, { method: 'HEAD' });
    assert.equal(response.status, 404);
    assert.equal(await response.text(), '');
  });

  const change = {
    elbName: 'web' as ElbName,
    instanceIds: ['i-5203422c' as InstanceId],
    force: false,
  };
  for (const [what, state, outcome] of [
    ['a read', {}, ''],
    ['a dry run', { change: { ...change, dryRun: true } }, ''],
    [
      'a change',
      { change: { ...change, dryRun: false } },
      '; it is unknown whether the change was made, so check GET /elb/web before you try again',
    ],
  ] as const)
    it(`responds to an unexpected error of ${what} with 500, and says whether the outcome is known`, async () => {
      const server = await serverOf((ctx) => {
        Object.assign(ctx.state, { requestId: 'r-1', ...state });
        throw new Error('secret detail');
      });
      const response = await fetch(server.url);
      await server.close();
      assert.equal(response.status, 500);
      assert.equal(response.headers.get('error-code'), 'internal_error');
      assert.equal(
        await messageOf(response),
        `an unexpected error occurred; the log contains the cause with the request id r-1${outcome}`,
      );
    });
});
