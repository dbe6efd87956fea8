import type Router from '@koa/router';
import type { DomainError } from '../../errors.ts';
import type { BatchService, Outcomes } from '../../load-balancers/batch-service.ts';
import { alreadyAttached, notAttached } from '../../load-balancers/checks.ts';
import type { InstanceId, MachineInfo } from '../../load-balancers/machine.ts';
import { type AwsTrace, startTrace } from '../../telemetry.ts';
import { type AppContext, callerOf } from '../context.ts';
import { type NamedInstance, notAnInstanceId, readElbName, readInstanceIds } from '../input.ts';
import { sameOrigin } from '../middleware/same-origin.ts';
import { takes } from '../middleware/takes.ts';
import { presentOutcomes, wouldBe } from '../presenters.ts';
import { readChangeQuery } from '../query.ts';

export interface ElbInstancesRouteParts {
  readonly batch: BatchService;
  /** Milliseconds that one request may spend on AWS. */
  readonly deadlineMs: number;
}

/** Attaches and detaches many instances of a load balancer at once. */
export function elbInstancesRoutes(router: Router, { batch, deadlineMs }: ElbInstancesRouteParts): void {
  const trace = (ctx: AppContext): AwsTrace => (ctx.state.trace = startTrace(deadlineMs));

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
   *     responses:
   *       207:
   *         description: one outcome an instance, in order
   *         schema: { $ref: '#/definitions/OutcomeListAnswer' }
   *       400: { $ref: '#/responses/WrongInstanceIds' }
   *       401: { $ref: '#/responses/Unauthenticated' }
   *       403: { $ref: '#/responses/CrossSite' }
   *       404: { $ref: '#/responses/ElbNotFound' }
   *       413: { $ref: '#/responses/PayloadTooLarge' }
   *       415: { $ref: '#/responses/UnsupportedEncoding' }
   *       502: { $ref: '#/responses/AwsRefused' }
   *       503: { $ref: '#/responses/AwsThrottled' }
   *       504: { $ref: '#/responses/AwsUnreachable' }
   */
  router.post('/elb/:elbName/instances', sameOrigin(), takes('dryRun'), async (ctx) => {
    const elbName = readElbName(ctx.params['elbName']);
    const { dryRun } = readChangeQuery(ctx, {});
    const named = await readInstanceIds(ctx);
    const outcomes = await batch.attach(elbName, distinct(named), trace(ctx), { dryRun });
    const answers = inOrder(named, outcomes, (id) => alreadyAttached(elbName, id));
    answer(ctx, answers, dryRun ? (id) => wouldBe.attached(id, elbName) : undefined);
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
   *     responses:
   *       207:
   *         description: one outcome an instance, in order
   *         schema: { $ref: '#/definitions/OutcomeListAnswer' }
   *       400: { $ref: '#/responses/WrongInstanceIds' }
   *       401: { $ref: '#/responses/Unauthenticated' }
   *       403: { $ref: '#/responses/CrossSite' }
   *       404: { $ref: '#/responses/ElbNotFound' }
   *       413: { $ref: '#/responses/PayloadTooLarge' }
   *       415: { $ref: '#/responses/UnsupportedEncoding' }
   *       502: { $ref: '#/responses/AwsRefused' }
   *       503: { $ref: '#/responses/AwsThrottled' }
   *       504: { $ref: '#/responses/AwsUnreachable' }
   */
  router.delete('/elb/:elbName/instances', sameOrigin(), takes('dryRun', 'force'), async (ctx) => {
    const elbName = readElbName(ctx.params['elbName']);
    const { dryRun, force } = readChangeQuery(ctx, {});
    const named = await readInstanceIds(ctx);
    const forcedBy = force ? callerOf(ctx) : undefined;
    const outcomes = await batch.detach(elbName, distinct(named), trace(ctx), { dryRun, forcedBy });
    const answers = inOrder(named, outcomes, (id) => notAttached(elbName, id));
    answer(ctx, answers, dryRun ? (id) => wouldBe.detached(id, elbName) : undefined);
  });
}

interface Answered {
  readonly instanceId: string;
  readonly outcome: MachineInfo | DomainError;
}

function distinct(named: readonly NamedInstance[]): InstanceId[] {
  return [...new Set(named.flatMap(({ instanceId }) => instanceId ?? []))];
}

/** One outcome for each that was named; who is named again after a change gets what a second request would. */
function inOrder(
  named: readonly NamedInstance[],
  outcomes: Outcomes,
  again: (instanceId: InstanceId) => DomainError,
): Answered[] {
  const seen = new Set<InstanceId>();
  return named.map(({ given, instanceId }) => {
    const outcome = instanceId === undefined ? undefined : outcomes.get(instanceId);
    if (instanceId === undefined || outcome === undefined)
      return { instanceId: given, outcome: notAnInstanceId(given) };
    const isRepeated = seen.has(instanceId) && !(outcome instanceof Error);
    seen.add(instanceId);
    return { instanceId, outcome: isRepeated ? again(instanceId) : outcome };
  });
}

function answer(
  ctx: AppContext,
  answers: readonly Answered[],
  dryRunText: ((instanceId: string) => string) | undefined,
): void {
  const outcomes = answers.map(({ instanceId, outcome }) => ({
    instanceId,
    outcome: dryRunText === undefined || outcome instanceof Error ? outcome : dryRunText(instanceId),
  }));
  ctx.body = presentOutcomes(outcomes, dryRunText === undefined ? 201 : 200);
  ctx.status = 207;
}
