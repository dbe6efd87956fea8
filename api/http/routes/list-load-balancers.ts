import type Router from '@koa/router';
import type { InServiceCounter } from '../../load-balancers/health/in-service-counter.ts';
import type { Inventory } from '../../load-balancers/inventory/inventory.ts';
import { readFreshness } from '../input/freshness.ts';
import { answerConditionally } from '../answers/conditional-response.ts';
import { allowQuery } from '../middleware/allow-query.ts';
import { presentLoadBalancers } from '../answers/presenters/load-balancer.ts';
import { readPageQuery } from '../input/query.ts';
import { type TraceDeps, traceRequest } from '../server/request-trace.ts';

export interface ListLoadBalancersDeps extends TraceDeps {
  readonly inventory: Inventory;
  readonly inService: InServiceCounter;
}

export function listLoadBalancersRoute(router: Router, deps: ListLoadBalancersDeps): void {
  const { inventory, inService, clock } = deps;

  /**
   * @swagger
   * /elb:
   *   get:
   *     tags: [load balancers]
   *     operationId: listElbs
   *     summary: List the Classic Load Balancers in the region, sorted by name
   *     description: >-
   *       The list is paged: `Link` contains the path of the next page, as `<…>; rel="next"`, and is absent on the last
   *       page. Values that AWS does not report are `"unknown"`.
   *     parameters:
   *       - in: query
   *         name: name
   *         description: a load balancer name, or a prefix followed by *
   *         type: string
   *         pattern: '^[A-Za-z0-9-]{0,32}\*?$'
   *         x-example: default*
   *       - in: query
   *         name: limit
   *         description: load balancers per page
   *         type: integer
   *         minimum: 1
   *         maximum: 400
   *         default: 100
   *       - in: query
   *         name: cursor
   *         description: the start of the page, from the Link header of the previous page
   *         type: string
   *         pattern: '^[A-Za-z0-9-]{1,32}$'
   *       - in: query
   *         name: health
   *         description: >-
   *           true: the service calls AWS for the `inServiceCount` of each load balancer on the page; the count is absent
   *           if AWS does not respond in time or the call budget is exhausted
   *         type: boolean
   *     responses:
   *       200:
   *         description: load balancers listed
   *         schema: { $ref: '#/definitions/LoadBalancerListAnswer' }
   *       304: { $ref: '#/responses/NotModified' }
   *       412: { $ref: '#/responses/ListNotMatched' }
   */
  router.get('/elb', allowQuery('name', 'limit', 'cursor', 'health'), async (ctx) => {
    const { includes, limit, after, rest, health } = readPageQuery(ctx);
    const trace = traceRequest(ctx, deps);
    const list = await inventory.loadBalancers(readFreshness(ctx), trace);
    const wanted = list.loadBalancers.filter(({ elbName }) => elbName > after && includes(elbName));
    const page = wanted.slice(0, limit);
    const last = page.at(-1);
    if (last !== undefined && wanted.length > limit) {
      const query = new URLSearchParams({ ...rest, cursor: last.elbName }).toString();
      ctx.set('Link', `</elb?${query}>; rel="next"`);
    }
    const counts = health ? await inService.read(page, trace) : inService.known(page);
    answerConditionally(ctx, list, presentLoadBalancers(page, counts), clock.now());
  });
}
