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
   *     summary: List the members in the order in which AWS returns them; the list is empty if there are none
   *     description: List machines attached to a particular load balancer
   *     responses:
   *       200:
   *         description: machines listed
   *         schema: { $ref: '#/definitions/MachineListAnswer' }
   *       304: { $ref: '#/responses/NotModified' }
   *       412: { $ref: '#/responses/ListNotMatched' }
   */
  router.get('/elb/:elbName', allowQuery(), async (ctx) => {
    const elbName = readElbName(ctx.params['elbName']);
    const list = await deps.inventory.list(elbName, readFreshness(ctx), traceRequest(ctx, deps));
    answerList(ctx, list, deps.lists.of(elbName, list, deps.clock.now()));
  });
}
