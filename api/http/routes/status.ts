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
   *     summary: Report the state of this process and of its calls to AWS, without a call to AWS
   *     description: >-
   *       Version, uptime, the calls of each action and the result of the last one, the remaining call budgets, and how
   *       many calls were delayed by the limits of this service and of AWS.
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
