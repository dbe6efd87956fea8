import type Router from '@koa/router';
import { allowQuery } from '../middleware/allow-query.ts';
import { presentStatus, type StatusDeps } from '../answers/presenters/status.ts';

export interface StatusRouteDeps {
  readonly status: StatusDeps;
}

export function statusRoutes(router: Router, { status }: StatusRouteDeps): void {
  /**
   * @swagger
   * /status:
   *   get:
   *     tags: [health]
   *     operationId: status
   *     summary: Report the state of this process and of its AWS calls, without calling AWS
   *     description: >-
   *       Returns the version, the uptime, the number of calls to each action and the result of the last call, the remaining call
   *       budgets, and the number of calls that were delayed by the limits of this service and of AWS.
   *     responses:
   *       200:
   *         description: the state of the service
   *         schema: { $ref: '#/definitions/StatusAnswer' }
   */
  router.get('/status', allowQuery(), async (ctx) => {
    ctx.set('Cache-Control', 'no-store');
    ctx.body = await presentStatus(status);
  });
}
