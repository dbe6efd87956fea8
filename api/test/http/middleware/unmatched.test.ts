import assert from 'node:assert/strict';
import Router from '@koa/router';
import type { AppMiddleware } from '../../../http/context.ts';
import { unmatched } from '../../../http/middleware/unmatched.ts';
import { messageOf } from '../../support/service.ts';
import { serverOf } from '../server-of.ts';

/** The router types require a context that only Koa with a router creates. */
const routesOf = (router: Router) => router.routes() as unknown as AppMiddleware;

describe('unmatched', () => {
  it('lists each path of the routers once, and the methods of a path', async () => {
    const answer = () => undefined;
    const open = new Router().use((_ctx, next) => next()).get('/open', answer);
    const guarded = new Router().get('/elb/:elbName', answer).post('/elb/:elbName', answer).get('/x', answer);
    const server = await serverOf(routesOf(open), routesOf(guarded), unmatched(open, guarded));
    const unknown = await fetch(`${server.url}/no-such-path`);
    assert.equal(unknown.status, 404);
    assert.equal(
      await messageOf(unknown),
      'no resource exists at this path; the paths are /open, /elb/{elbName} and /x',
    );
    const refused = await fetch(`${server.url}/elb/x`, { method: 'PUT' });
    assert.deepEqual([refused.status, refused.headers.get('allow')], [405, 'GET, HEAD, POST']);
    await server.close();
  });
});
