import type Router from '@koa/router';
import { answerOutcomes } from '../answers/outcomes-answer.ts';
import { dryRunNote } from '../answers/presenters/change.ts';
import type { ChangeContext } from '../context.ts';
import { readInstanceIds } from '../input/body.ts';
import { allowQuery } from '../middleware/allow-query.ts';
import { readChange } from '../middleware/read-change.ts';
import { sameOrigin } from '../middleware/same-origin.ts';
import { traceRequest } from '../server/request-trace.ts';
import type { ChangeRouteDeps } from './change-route-deps.ts';

export function detachInstancesRoute(router: Router, deps: ChangeRouteDeps): void {
  /**
   * @swagger
   * /elb/{elbName}/instances:
   *   delete:
   *     tags: [load balancers]
   *     operationId: detachInstances
   *     summary: Detach several instances
   *     description: >-
   *       The outcome of each instance is the one that a request for this instance alone would return (201, 409 …; 200 in a dry
   *       run).
   *       Instances that can be detached are detached even if others fail.
   *     parameters:
   *       - in: body
   *         name: instanceIds
   *         description: 1 to 100 instance identifiers
   *         required: true
   *         schema: { $ref: '#/definitions/InstanceIds' }
   *       - { $ref: '#/parameters/dryRun' }
   *       - { $ref: '#/parameters/force' }
   *       - { $ref: '#/parameters/ifMatch' }
   *     responses:
   *       207:
   *         description: one outcome per instance, in request order
   *         schema: { $ref: '#/definitions/OutcomeListAnswer' }
   *       400: { $ref: '#/responses/WrongInstanceIds' }
   */
  router.delete(
    '/elb/:elbName/instances',
    sameOrigin(),
    allowQuery('dryRun', 'force'),
    readChange(deps.pipeline.admission, readInstanceIds),
    async (ctx: ChangeContext) => {
      const { change } = ctx.state;
      const { elbName } = change;
      const trace = traceRequest(ctx, deps);
      const { outcomes, inService } = await deps.changes.detach(elbName, change.named, trace, change);
      answerOutcomes(ctx, outcomes, (id) => dryRunNote.detach(id, elbName, inService));
    },
  );
}
