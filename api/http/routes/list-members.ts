import type Router from '@koa/router';
import type { Inventory } from '../../load-balancers/inventory/inventory.ts';
import { answerList, type ListAnswers } from '../answers/list-answer.ts';
import { readFreshness } from '../input/freshness.ts';
import { readElbName } from '../input/path.ts';
import { allowQuery } from '../middleware/allow-query.ts';
import { type TraceDeps, traceRequest } from '../server/request-trace.ts';

export interface ListMembersDeps extends TraceDeps {
  readonly inventory: Inventory;
  readonly lists: ListAnswers;
}

export function listMembersRoute(router: Router, deps: ListMembersDeps): void {
  /**
   * @swagger
   * /elb/{elbName}:
   *   parameters:
   *     - { $ref: '#/parameters/elbName' }
   *   get:
   *     tags: [load balancers]
   *     operationId: listMachinesElb
   *     summary: List the members in AWS's order; the list is empty if there are none
   *     description: List machines attached to a particular load balancer
   *     produces: [application/json]
   *     responses:
   *       200:
   *         description: machines listed
   *         schema: { $ref: '#/definitions/MachineListAnswer' }
   *         headers:
   *           ETag: { type: string, description: send it in If-None-Match to get 304 while the list is unchanged }
   *           Age: { type: integer, description: seconds since AWS reported the list }
   *           Cache-Status: { type: string, description: 'whether the list was cached, or why AWS was called (RFC 9211)' }
   *       304: { $ref: '#/responses/NotModified' }
   *       404:
   *         description: the elb does not exist
   *         schema: { $ref: '#/definitions/Failure' }
   *         examples:
   *           application/json:
   *             message: >-
   *               the elb does not exist: no classic load balancer is named "web" in us-east-1; check its spelling and region
   *       412: { $ref: '#/responses/ListNotMatched' }
   */
  router.get('/elb/:elbName', allowQuery(), async (ctx) => {
    const elbName = readElbName(ctx.params['elbName']);
    const list = await deps.inventory.list(elbName, readFreshness(ctx), traceRequest(ctx, deps));
    answerList(ctx, list, deps.lists.of(elbName, list, deps.clock.now()));
  });
}
