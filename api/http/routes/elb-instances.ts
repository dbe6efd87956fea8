import type Router from '@koa/router';
import type { ElbName, InstanceId } from '../../load-balancers/instance.ts';
import type { MembershipChanges } from '../../load-balancers/changes/membership-changes.ts';
import type { ChangeOutcome } from '../../load-balancers/changes/change-outcomes.ts';
import { type AppContext, callerOf } from '../context.ts';
import { type NamedInstance, notAnInstanceId, readInstanceIds } from '../input/body.ts';
import { readElbName } from '../input/path.ts';
import { sameOrigin } from '../middleware/same-origin.ts';
import { allowQuery } from '../middleware/allow-query.ts';
import { wouldBe } from '../answers/presenters/change.ts';
import { type NamedOutcome, presentOutcomes } from '../answers/presenters/outcome.ts';
import { readIfMatch } from '../input/precondition.ts';
import { readChangeQuery } from '../input/query.ts';
import { type TraceDeps, traceRequest } from '../server/request-trace.ts';

export interface ElbInstancesRouteDeps extends TraceDeps {
  readonly changes: MembershipChanges;
}

/** Attaches and detaches many instances of a load balancer at once. */
export function elbInstancesRoutes(router: Router, parts: ElbInstancesRouteDeps): void {
  const { changes } = parts;

  /**
   * @swagger
   * /elb/{elbName}/instances:
   *   parameters:
   *     - name: elbName
   *       in: path
   *       required: true
   *       description: pass the load balancer name
   *       type: string
   *       x-example: default-elb
   *   post:
   *     tags: [load balancers]
   *     operationId: attachInstances
   *     summary: Make instances members, as many as can be
   *     description: >-
   *       Each is answered as a request of its own would be (201, 400, 409 …; 200 in a dry run), and those that can be
   *       attached are, whatever becomes of the others.
   *     consumes: [application/json]
   *     produces: [application/json]
   *     parameters:
   *       - in: body
   *         name: instanceIds
   *         description: 1 to 100 instance identifiers
   *         required: true
   *         schema: { $ref: '#/definitions/InstanceIds' }
   *       - { $ref: '#/parameters/dryRun' }
   *       - { $ref: '#/parameters/ifMatch' }
   *     responses:
   *       207:
   *         description: one outcome an instance, in order
   *         schema: { $ref: '#/definitions/OutcomeListAnswer' }
   *       400: { $ref: '#/responses/WrongInstanceIds' }
   *       401: { $ref: '#/responses/Unauthenticated' }
   *       403: { $ref: '#/responses/CrossSite' }
   *       404: { $ref: '#/responses/ElbNotFound' }
   *       412: { $ref: '#/responses/PreconditionFailed' }
   *       413: { $ref: '#/responses/PayloadTooLarge' }
   *       415: { $ref: '#/responses/UnsupportedEncoding' }
   *       502: { $ref: '#/responses/AwsRefused' }
   *       503: { $ref: '#/responses/AwsThrottled' }
   *       504: { $ref: '#/responses/AwsUnreachable' }
   */
  router.post('/elb/:elbName/instances', sameOrigin(), allowQuery('dryRun'), async (ctx) => {
    const elbName = readElbName(ctx.params['elbName']);
    const { dryRun } = readChangeQuery(ctx, {});
    const ifMatch = readIfMatch(ctx);
    const named = await readInstanceIds(ctx);
    const instanceIds = idsOf(named);
    ctx.state.change = { elbName, instanceIds, dryRun, force: false };
    const outcomes = await changes.attach(elbName, instanceIds, traceRequest(ctx, parts), {
      dryRun,
      ifMatch,
    });
    answer(
      ctx,
      elbName,
      named,
      outcomes,
      dryRun ? (id, draining) => wouldBe.attached(id, elbName, draining) : undefined,
    );
  });

  /**
   * @swagger
   * /elb/{elbName}/instances:
   *   delete:
   *     tags: [load balancers]
   *     operationId: detachInstances
   *     summary: End memberships, as many as can be
   *     description: >-
   *       Each is answered as a request of its own would be (201, 409 …; 200 in a dry run), and those that can be
   *       detached are, whatever becomes of the others.
   *     consumes: [application/json]
   *     produces: [application/json]
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
   *         description: one outcome an instance, in order
   *         schema: { $ref: '#/definitions/OutcomeListAnswer' }
   *       400: { $ref: '#/responses/WrongInstanceIds' }
   *       401: { $ref: '#/responses/Unauthenticated' }
   *       403: { $ref: '#/responses/CrossSite' }
   *       404: { $ref: '#/responses/ElbNotFound' }
   *       412: { $ref: '#/responses/PreconditionFailed' }
   *       413: { $ref: '#/responses/PayloadTooLarge' }
   *       415: { $ref: '#/responses/UnsupportedEncoding' }
   *       502: { $ref: '#/responses/AwsRefused' }
   *       503: { $ref: '#/responses/AwsThrottled' }
   *       504: { $ref: '#/responses/AwsUnreachable' }
   */
  router.delete('/elb/:elbName/instances', sameOrigin(), allowQuery('dryRun', 'force'), async (ctx) => {
    const elbName = readElbName(ctx.params['elbName']);
    const { dryRun, force } = readChangeQuery(ctx, {});
    const ifMatch = readIfMatch(ctx);
    const named = await readInstanceIds(ctx);
    const instanceIds = idsOf(named);
    const options = { dryRun, force, actor: callerOf(ctx), requestId: ctx.state.requestId, ifMatch };
    ctx.state.change = { elbName, instanceIds, dryRun, force };
    const { outcomes, inService } = await changes.detach(
      elbName,
      instanceIds,
      traceRequest(ctx, parts),
      options,
    );
    answer(
      ctx,
      elbName,
      named,
      outcomes,
      dryRun ? (id) => wouldBe.detached(id, elbName, inService) : undefined,
    );
  });
}

function answer(
  ctx: AppContext,
  elbName: ElbName,
  named: readonly NamedInstance[],
  outcomes: readonly ChangeOutcome[],
  note: Parameters<typeof presentOutcomes>[2],
): void {
  const presented = presentOutcomes(elbName, inOrder(named, outcomes), note);
  const { change } = ctx.state;
  // The first outcome of an instance that is named again is the one that changed it. Ids that are none stay out.
  const logged = presented.message.filter(({ instanceId }) => change?.instanceIds.includes(instanceId));
  if (change !== undefined)
    change.outcomes = Object.fromEntries(
      logged.reverse().map(({ instanceId, status, code }) => [instanceId, code ?? status]),
    );
  ctx.body = presented;
  ctx.status = 207;
}

/** The outcomes of the instances as they were named; those that no instance can be fail without a question of AWS. */
function inOrder(named: readonly NamedInstance[], outcomes: readonly ChangeOutcome[]): NamedOutcome[] {
  const next = outcomes.values();
  return named.map(({ given, instanceId }) => {
    const outcome = instanceId === undefined ? undefined : next.next().value;
    return { ...outcome, instanceId: given, result: outcome?.result ?? notAnInstanceId(given) };
  });
}

function idsOf(named: readonly NamedInstance[]): InstanceId[] {
  return named.flatMap(({ instanceId }) => instanceId ?? []);
}
