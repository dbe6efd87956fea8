import type Router from '@koa/router';
import { allowQuery } from '../middleware/allow-query.ts';
import { presentStatus, type StatusDeps } from '../answers/presenters/status.ts';

export interface StatusRouteDeps {
  readonly status: StatusDeps;
}

/** Tells how this process and its AWS are, without asking AWS. */
export function statusRoutes(router: Router, { status }: StatusRouteDeps): void {
  /**
   * @swagger
   * /status:
   *   get:
   *     tags: [health]
   *     operationId: status
   *     summary: How this process is, and how AWS answered it; AWS is not asked
   *     description: >-
   *       Version, uptime, the last call of each kind and how it went, calls by action, what is left of the budgets, and
   *       whether our own limit or AWS's made somebody wait.
   *     produces: [application/json]
   *     responses:
   *       200:
   *         description: the state of the service
   *         schema: { $ref: '#/definitions/StatusAnswer' }
   *       401: { $ref: '#/responses/Unauthenticated' }
   */
  router.get('/status', allowQuery(), async (ctx) => {
    ctx.set('Cache-Control', 'no-store');
    ctx.body = await presentStatus(status);
  });
}
