import type Router from '@koa/router';
import type { HealthService } from '../../load-balancers/health/health-service.ts';
import { readFreshness } from '../input/freshness.ts';
import { readElbName } from '../input/path.ts';
import { answerConditionally } from '../answers/conditional-response.ts';
import { allowQuery } from '../middleware/allow-query.ts';
import { presentHealth } from '../answers/presenters/health.ts';
import { type TraceDeps, traceRequest } from '../server/request-trace.ts';

export interface ElbHealthRouteDeps extends TraceDeps {
  readonly health: HealthService;
}

/** Tells how the members of a load balancer are. */
export function elbHealthRoutes(router: Router, parts: ElbHealthRouteDeps): void {
  const { health, clock } = parts;

  /**
   * @swagger
   * /elb/{elbName}/health:
   *   get:
   *     tags: [load balancers]
   *     operationId: listElbHealth
   *     summary: How the members are, and why
   *     description: >-
   *       Every member, and those that still drain after their detach, as AWS told it at most a second ago; `why` says
   *       in one sentence why it is so and what to do. What EC2 does not tell is `"unknown"`.
   *     produces: [application/json]
   *     parameters:
   *       - name: elbName
   *         in: path
   *         required: true
   *         description: pass the load balancer name
   *         type: string
   *         x-example: default-elb
   *     responses:
   *       200:
   *         description: health listed
   *         schema: { $ref: '#/definitions/HealthListAnswer' }
   *         headers:
   *           ETag: { type: string, description: what If-None-Match names to get a 304 while the list is the same }
   *           Age: { type: integer, description: seconds since AWS told of it }
   *           Cache-Status: { type: string, description: 'whether it was known, or why AWS was asked (RFC 9211)' }
   *       304: { $ref: '#/responses/NotModified' }
   *       401: { $ref: '#/responses/Unauthenticated' }
   *       404: { $ref: '#/responses/ElbNotFound' }
   *       412: { $ref: '#/responses/ListNotMatched' }
   *       502: { $ref: '#/responses/AwsRefused' }
   *       503: { $ref: '#/responses/AwsThrottled' }
   *       504: { $ref: '#/responses/AwsUnreachable' }
   */
  router.get('/elb/:elbName/health', allowQuery(), async (ctx) => {
    const elbName = readElbName(ctx.params['elbName']);
    const list = await health.list(elbName, readFreshness(ctx), traceRequest(ctx, parts));
    answerConditionally(ctx, list, presentHealth(list.entries), clock.now());
  });
}
