import type Router from '@koa/router';
import { presentText } from '../answers/presenters/text.ts';

/** This route does not call AWS, because an AWS API outage must not remove the hosts from the load balancer. */
export function healthcheckRoutes(router: Router): void {
  /**
   * @swagger
   * /healthcheck:
   *   get:
   *     tags: [health]
   *     operationId: healthcheck
   *     summary: Report that this process is running, without calling AWS
   *     description: API health check
   *     security: []
   *     responses:
   *       200:
   *         description: the service is up
   *         schema: { $ref: '#/definitions/HealthcheckAnswer' }
   */
  router.get('/healthcheck', (ctx) => {
    ctx.body = presentText('ok');
  });
}
