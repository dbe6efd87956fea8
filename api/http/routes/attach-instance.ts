import type Router from '@koa/router';
import { only } from '../../load-balancers/changes/change-outcomes.ts';
import { drainingFacts, drainingUntil, dryRunNote } from '../answers/presenters/change.ts';
import { answerChange } from '../answers/change-answer.ts';
import type { ChangeContext } from '../context.ts';
import { readInstanceId } from '../input/body.ts';
import { allowQuery } from '../middleware/allow-query.ts';
import { readChange } from '../middleware/read-change.ts';
import { sameOrigin } from '../middleware/same-origin.ts';
import { traceRequest } from '../server/request-trace.ts';
import type { ChangeRouteDeps } from './change-route-deps.ts';

export function attachInstanceRoute(router: Router, deps: ChangeRouteDeps): void {
  /**
   * @swagger
   * /elb/{elbName}:
   *   post:
   *     tags: [load balancers]
   *     operationId: attachInstance
   *     summary: Attach an instance
   *     description: Attach an instance on the load balancer
   *     parameters:
   *       - in: body
   *         name: machineId
   *         description: instance identifier
   *         schema: { $ref: '#/definitions/MachineId' }
   *       - in: query
   *         name: wait
   *         description: 'in-service: respond when AWS reports that the instance is in service'
   *         type: string
   *         enum: [in-service]
   *       - { $ref: '#/parameters/timeout' }
   *       - { $ref: '#/parameters/dryRun' }
   *       - { $ref: '#/parameters/ifMatch' }
   *     responses:
   *       200:
   *         description: 'with dryRun=true: the instance and, in `note`, what the change would do; nothing was changed'
   *         schema: { $ref: '#/definitions/ChangeAnswer' }
   *         examples:
   *           application/json:
   *             message:
   *               instanceId: i-0b22a22eec53b9321
   *               instanceType: t3.micro
   *               launchDate: '2024-01-09T11:30:00.000Z'
   *               dryRun: true
   *               note: i-0b22a22eec53b9321 would be attached to default-elb; nothing was changed
   *       201:
   *         description: instance added
   *         schema: { $ref: '#/definitions/ChangeAnswer' }
   *       202:
   *         description: 'with wait: the instance was attached, but did not come into service in time; `health` is the last health that AWS reported'
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
   *               wrong data format: the body is empty; send {"instanceId": "i-…"}, with 8 or 17 lower-case hex digits after i-
   *       409:
   *         description: instance already on load balancer
   *         schema: { $ref: '#/definitions/Failure' }
   *         examples:
   *           application/json:
   *             message: >-
   *               instance already on load balancer: i-5203422c is a member of default-elb; no action is needed
   */
  router.post(
    '/elb/:elbName',
    sameOrigin(),
    allowQuery('dryRun', 'wait', 'timeout', 'instanceId'),
    readChange(deps.pipeline.admission, readInstanceId, 'in-service'),
    (ctx: ChangeContext) => attach(ctx, deps),
  );
}

async function attach(ctx: ChangeContext, deps: ChangeRouteDeps): Promise<void> {
  const { change } = ctx.state;
  const { elbName } = change;
  const trace = traceRequest(ctx, deps);
  const outcomes = await deps.changes.attach(elbName, change.named, trace, change);
  const instance = only(outcomes);
  const draining = outcomes[0]?.draining;
  const { instanceId } = instance;
  const facts = change.dryRun
    ? ({
        dryRun: true,
        note: dryRunNote.attach(instanceId, elbName, draining),
        ...drainingUntil(draining),
      } as const)
    : drainingFacts(instanceId, elbName, draining);
  await answerChange(ctx, deps, instance, facts, trace);
}
