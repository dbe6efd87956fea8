import assert from 'node:assert/strict';
import type { ElbName, InstanceId } from '../../../load-balancers/instance.ts';
import { messageOf } from '../../support/service.ts';
import { serverOf } from '../server-of.ts';

describe('A fault of the service', () => {
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
    it(`during ${what} answers 500 without internals, and says what is known of the outcome`, async () => {
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
        `an unexpected error occurred; the log has the cause under the request id r-1${outcome}`,
      );
    });
});
