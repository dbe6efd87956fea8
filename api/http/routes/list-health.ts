import type Router from '@koa/router';
import type { HealthService } from '../../load-balancers/health/health-service.ts';
import { readFreshness } from '../input/freshness.ts';
import { readElbName } from '../input/path.ts';
import { answerConditionally } from '../answers/conditional-response.ts';
import { allowQuery } from '../middleware/allow-query.ts';
import { presentHealth } from '../answers/presenters/health.ts';
import { type TraceDeps, traceRequest } from '../server/request-trace.ts';

export interface ListHealthDeps extends TraceDeps {
  readonly health: HealthService;
}

export function listHealthRoute(router: Router, deps: ListHealthDeps): void {
  const { health, clock } = deps;

  /**
   * @swagger
   * /elb/{elbName}/health:
   *   get:
   *     tags: [load balancers]
   *     operationId: listElbHealth
   *     summary: List the health of the members and the reasons for it
   *     description: >-
   *       Lists every member, and the instances that are still draining after a detach. The data is at most one second old.
   *       `why` explains the state in one sentence and says what to do. Values that EC2 does not report are
   *       `"unknown"`.
   *     parameters:
   *       - { $ref: '#/parameters/elbName' }
   *     responses:
   *       200:
   *         description: health listed
   *         schema: { $ref: '#/definitions/HealthListAnswer' }
   *       304: { $ref: '#/responses/NotModified' }
   *       412: { $ref: '#/responses/ListNotMatched' }
   */
  router.get('/elb/:elbName/health', allowQuery(), async (ctx) => {
    const elbName = readElbName(ctx.params['elbName']);
    const list = await health.list(elbName, readFreshness(ctx), traceRequest(ctx, deps));
    answerConditionally(ctx, list, presentHealth(list.entries), clock.now());
  });
}
