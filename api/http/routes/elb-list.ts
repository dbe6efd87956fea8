import type Router from '@koa/router';
import type { InServiceCounter } from '../../load-balancers/health/in-service-counter.ts';
import type { Inventory } from '../../load-balancers/inventory/inventory.ts';
import { readFreshness } from '../input/freshness.ts';
import { answerConditionally } from '../answers/conditional-response.ts';
import { allowQuery } from '../middleware/allow-query.ts';
import { presentLoadBalancers } from '../answers/presenters/load-balancer.ts';
import { readPageQuery } from '../input/query.ts';
import { type TraceDeps, traceRequest } from '../server/request-trace.ts';

export interface ElbListRouteDeps extends TraceDeps {
  readonly inventory: Inventory;
  readonly inService: InServiceCounter;
}

/** Lists the load balancers of the region. */
export function elbListRoutes(router: Router, parts: ElbListRouteDeps): void {
  const { inventory, inService, clock } = parts;

  /**
   * @swagger
   * /elb:
   *   get:
   *     tags: [load balancers]
   *     operationId: listElbs
   *     summary: The classic load balancers of the region, sorted by name
   *     description: >-
   *       They come in pages: `Link` has the path of the next one, as `<…>; rel="next"`, and is missing on the last. What
   *       AWS does not tell is `"unknown"`.
   *     produces: [application/json]
   *     parameters:
   *       - in: query
   *         name: name
   *         description: the name, or how it begins and a *
   *         type: string
   *         pattern: '^[A-Za-z0-9-]{0,32}\*?$'
   *         x-example: default*
   *       - in: query
   *         name: limit
   *         description: load balancers a page
   *         type: integer
   *         minimum: 1
   *         maximum: 400
   *         default: 100
   *       - in: query
   *         name: cursor
   *         description: where the page begins, as the Link of the page before has it
   *         type: string
   *         pattern: '^[A-Za-z0-9-]{1,32}$'
   *       - in: query
   *         name: health
   *         description: >-
   *           with true, AWS is asked for `inServiceCount` of each load balancer of the page; it is missing where AWS does
   *           not answer in time or the budget of calls is spent
   *         type: boolean
   *     responses:
   *       200:
   *         description: load balancers listed
   *         schema: { $ref: '#/definitions/LoadBalancerListAnswer' }
   *         headers:
   *           ETag: { type: string, description: what If-None-Match names to get a 304 while the page is the same }
   *           Age: { type: integer, description: seconds since AWS told of it }
   *           Cache-Status: { type: string, description: 'whether it was known, or why AWS was asked (RFC 9211)' }
   *       304: { $ref: '#/responses/NotModified' }
   *       400: { $ref: '#/responses/WrongParameter' }
   *       401: { $ref: '#/responses/Unauthenticated' }
   *       412: { $ref: '#/responses/ListNotMatched' }
   *       502: { $ref: '#/responses/AwsRefused' }
   *       503: { $ref: '#/responses/AwsThrottled' }
   *       504: { $ref: '#/responses/AwsUnreachable' }
   */
  router.get('/elb', allowQuery('name', 'limit', 'cursor', 'health'), async (ctx) => {
    const { fits, limit, after, rest, health } = readPageQuery(ctx);
    const trace = traceRequest(ctx, parts);
    const list = await inventory.loadBalancers(readFreshness(ctx), trace);
    const wanted = list.loadBalancers.filter(({ elbName }) => elbName > after && fits(elbName));
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
