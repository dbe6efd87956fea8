import type Router from '@koa/router';
import { only } from '../../load-balancers/changes/change-outcomes.ts';
import { dryRunNote, inServiceCounts } from '../answers/presenters/change.ts';
import { answerChange } from '../answers/change-answer.ts';
import type { ChangeContext } from '../context.ts';
import { readInstanceIdOrQuery } from '../input/body.ts';
import { allowQuery } from '../middleware/allow-query.ts';
import { readChange } from '../middleware/read-change.ts';
import { sameOrigin } from '../middleware/same-origin.ts';
import { traceRequest } from '../server/request-trace.ts';
import type { ChangeRouteDeps } from './change-route-deps.ts';

export function detachInstanceRoute(router: Router, deps: ChangeRouteDeps): void {
  /**
   * @swagger
   * /elb/{elbName}:
   *   delete:
   *     tags: [load balancers]
   *     operationId: detachInstance
   *     summary: Detach the instance that the body or the query contains
   *     description: Detach an instance from the load balancer
   *     parameters:
   *       - in: body
   *         name: machineId
   *         description: instance identifier
   *         schema: { $ref: '#/definitions/MachineId' }
   *       - in: query
   *         name: instanceId
   *         description: 'the instance identifier, instead of a body; null, {} and an empty body are treated as no body'
   *         type: string
   *         pattern: '^i-([0-9a-f]{8}|[0-9a-f]{17})$'
   *       - in: query
   *         name: wait
   *         description: 'drained: respond when no connections remain'
   *         type: string
   *         enum: [drained]
   *       - { $ref: '#/parameters/timeout' }
   *       - { $ref: '#/parameters/dryRun' }
   *       - { $ref: '#/parameters/force' }
   *       - { $ref: '#/parameters/ifMatch' }
   *     responses:
   *       200:
   *         description: 'with dryRun=true: the instance and, in `note`, what the change would do; nothing was changed'
   *         schema: { $ref: '#/definitions/ChangeAnswer' }
   *         examples:
   *           application/json:
   *             message:
   *               instanceId: i-5203422c
   *               instanceType: t1.micro
   *               launchDate: '2016-08-29T09:12:33.001Z'
   *               dryRun: true
   *               note: i-5203422c would be detached from default-elb; nothing was changed; 2 of 3 would remain in service
   *               inServiceBefore: 3
   *               inServiceAfter: 2
   *       201:
   *         description: instance removed
   *         schema: { $ref: '#/definitions/ChangeAnswer' }
   *       202:
   *         description: 'with wait: the instance was detached, but was not drained in time; `health` is the last health that AWS reported'
   *         schema: { $ref: '#/definitions/ChangeAnswer' }
   *         headers:
   *           Location: { type: string, description: the path of its health }
   *           Retry-After: { type: integer, description: seconds to wait before the next request }
   *       400:
   *         description: wrong data format
   *         schema: { $ref: '#/definitions/Failure' }
   *         examples:
   *           application/json:
   *             message: >-
   *               wrong data format: the body is empty and the query has no instanceId; send {"instanceId": "i-…"}, with 8 or 17 lower-case hex digits after i-
   *       409:
   *         description: instance is not on load balancer
   *         schema: { $ref: '#/definitions/Failure' }
   *         examples:
   *           application/json:
   *             message: >-
   *               instance is not on load balancer: i-5203422c is not a member of empty-elb; GET /elb/empty-elb lists the members
   */
  router.delete(
    '/elb/:elbName',
    sameOrigin(),
    allowQuery('dryRun', 'force', 'wait', 'timeout', 'instanceId'),
    readChange(deps.pipeline.admission, readInstanceIdOrQuery, 'drained'),
    (ctx: ChangeContext) => detach(ctx, deps),
  );
}

async function detach(ctx: ChangeContext, deps: ChangeRouteDeps): Promise<void> {
  const { change } = ctx.state;
  const { elbName } = change;
  const trace = traceRequest(ctx, deps);
  const { outcomes, inService } = await deps.changes.detach(elbName, change.named, trace, change);
  const instance = only(outcomes);
  const note = dryRunNote.detach(instance.instanceId, elbName, inService);
  const facts = change.dryRun ? { dryRun: true as const, note, ...inServiceCounts(inService) } : {};
  await answerChange(ctx, deps, instance, facts, trace);
}
