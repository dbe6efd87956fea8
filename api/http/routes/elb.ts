import type Router from '@koa/router';
import type { Inventory } from '../../load-balancers/inventory/inventory.ts';
import type { MembershipChanges } from '../../load-balancers/changes/membership-changes.ts';
import { only } from '../../load-balancers/changes/change-outcomes.ts';
import { callerOf } from '../context.ts';
import { readInstanceId, readInstanceIdOrQuery } from '../input/body.ts';
import { readFreshness } from '../input/freshness.ts';
import { readElbName } from '../input/path.ts';
import { answerList, type ListAnswers } from '../answers/list-answer.ts';
import { sameOrigin } from '../middleware/same-origin.ts';
import { allowQuery } from '../middleware/allow-query.ts';
import {
  drainingFacts,
  drainingUntil,
  inServiceCounts,
  presentChange,
  wouldBe,
} from '../answers/presenters/change.ts';
import { readIfMatch } from '../input/precondition.ts';
import { readChangeQuery } from '../input/query.ts';
import { type TraceDeps, traceRequest } from '../server/request-trace.ts';
import { answerWait, type WaitDeps } from '../answers/wait-answer.ts';

export interface ElbRouteDeps extends TraceDeps, WaitDeps {
  readonly inventory: Inventory;
  readonly changes: MembershipChanges;
  readonly lists: ListAnswers;
}

/** Lists, attaches and detaches the instances of a load balancer. */
export function elbRoutes(router: Router, parts: ElbRouteDeps): void {
  const { inventory, changes, lists, clock } = parts;

  /**
   * @swagger
   * /elb/{elbName}:
   *   parameters:
   *     - name: elbName
   *       in: path
   *       required: true
   *       description: pass the load balancer name
   *       type: string
   *       x-example: default-elb
   *   get:
   *     tags: [load balancers]
   *     operationId: listMachinesElb
   *     summary: The members in AWS's order, an empty list where there are none
   *     description: List machines attached to a particular load balancer
   *     produces: [application/json]
   *     responses:
   *       200:
   *         description: machines listed
   *         schema: { $ref: '#/definitions/MachineListAnswer' }
   *         headers:
   *           ETag: { type: string, description: what If-None-Match names to get a 304 while the list is the same }
   *           Age: { type: integer, description: seconds since AWS told of it }
   *           Cache-Status: { type: string, description: 'whether the list was known, or why AWS was asked (RFC 9211)' }
   *       304: { $ref: '#/responses/NotModified' }
   *       401: { $ref: '#/responses/Unauthenticated' }
   *       404:
   *         description: the elb does not exist
   *         schema: { $ref: '#/definitions/Failure' }
   *         examples:
   *           application/json:
   *             message: >-
   *               the elb does not exist: no classic load balancer is named "web" in us-east-1; check its spelling and region
   *       412: { $ref: '#/responses/ListNotMatched' }
   *       502: { $ref: '#/responses/AwsRefused' }
   *       503: { $ref: '#/responses/AwsThrottled' }
   *       504: { $ref: '#/responses/AwsUnreachable' }
   */
  router.get('/elb/:elbName', allowQuery(), async (ctx) => {
    const elbName = readElbName(ctx.params['elbName']);
    const list = await inventory.list(elbName, readFreshness(ctx), traceRequest(ctx, parts));
    answerList(ctx, list, lists.of(elbName, list, clock.now()));
  });

  /**
   * @swagger
   * /elb/{elbName}:
   *   post:
   *     tags: [load balancers]
   *     operationId: attachInstance
   *     summary: Make an instance a member
   *     description: Attach an instance on the load balancer
   *     consumes: [application/json]
   *     produces: [application/json]
   *     parameters:
   *       - in: body
   *         name: machineId
   *         description: instance identifier
   *         schema: { $ref: '#/definitions/MachineId' }
   *       - in: query
   *         name: wait
   *         description: in-service answers once AWS says that the instance is in service
   *         type: string
   *         enum: [in-service]
   *       - { $ref: '#/parameters/timeout' }
   *       - { $ref: '#/parameters/dryRun' }
   *       - { $ref: '#/parameters/ifMatch' }
   *     responses:
   *       200:
   *         description: with dryRun=true, the instance and in `note` what would be done; nothing was changed
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
   *         description: with wait, attached but not in service in time; `health` is the last that AWS reported
   *         schema: { $ref: '#/definitions/ChangeAnswer' }
   *         headers:
   *           Location: { type: string, description: where its health is told }
   *           Retry-After: { type: integer, description: seconds after which another look makes sense }
   *       400:
   *         description: wrong data format
   *         schema: { $ref: '#/definitions/Failure' }
   *         examples:
   *           application/json:
   *             message: >-
   *               wrong data format: the body is empty; send {"instanceId": "i-…"}, with 8 or 17 lower-case hex digits after i-
   *       401: { $ref: '#/responses/Unauthenticated' }
   *       403: { $ref: '#/responses/CrossSite' }
   *       404: { $ref: '#/responses/ElbNotFound' }
   *       409:
   *         description: instance already on load balancer
   *         schema: { $ref: '#/definitions/Failure' }
   *         examples:
   *           application/json:
   *             message: >-
   *               instance already on load balancer: i-5203422c is a member of default-elb; nothing is left to do
   *       412: { $ref: '#/responses/PreconditionFailed' }
   *       413: { $ref: '#/responses/PayloadTooLarge' }
   *       415: { $ref: '#/responses/UnsupportedEncoding' }
   *       502: { $ref: '#/responses/AwsRefused' }
   *       503: { $ref: '#/responses/AwsThrottled' }
   *       504: { $ref: '#/responses/AwsUnreachable' }
   */
  router.post(
    '/elb/:elbName',
    sameOrigin(),
    allowQuery('dryRun', 'wait', 'timeout', 'instanceId'),
    async (ctx) => {
      const elbName = readElbName(ctx.params['elbName']);
      const { wait, timeoutMs, dryRun } = readChangeQuery(ctx, { wish: 'in-service' });
      const ifMatch = readIfMatch(ctx);
      const until = clock.now() + timeoutMs;
      const instanceId = await readInstanceId(ctx);
      ctx.state.change = { elbName, instanceIds: [instanceId], dryRun, force: false };
      const outcomes = await changes.attach(elbName, [instanceId], traceRequest(ctx, parts), {
        dryRun,
        ifMatch,
      });
      const machine = only(outcomes);
      const draining = outcomes[0]?.draining;
      if (dryRun) {
        const note = wouldBe.attached(instanceId, elbName, draining);
        ctx.body = presentChange(machine, { dryRun, note, ...drainingUntil(draining) });
        return;
      }
      if (wait !== undefined) return answerWait(ctx, parts, { elbName, machine, awaited: wait, until });
      ctx.body = presentChange(machine, drainingFacts(instanceId, elbName, draining));
      ctx.status = 201;
    },
  );

  /**
   * @swagger
   * /elb/{elbName}:
   *   delete:
   *     tags: [load balancers]
   *     operationId: detachInstance
   *     summary: End a membership, of the instance that the body or the query names
   *     description: Detach an instance from the load balancer
   *     consumes: [application/json]
   *     produces: [application/json]
   *     parameters:
   *       - in: body
   *         name: machineId
   *         description: instance identifier
   *         schema: { $ref: '#/definitions/MachineId' }
   *       - in: query
   *         name: instanceId
   *         description: the instance identifier, in place of the body; null, {} and an empty body count as none
   *         type: string
   *         pattern: '^i-([0-9a-f]{8}|[0-9a-f]{17})$'
   *       - in: query
   *         name: wait
   *         description: drained answers once no connection is left
   *         type: string
   *         enum: [drained]
   *       - { $ref: '#/parameters/timeout' }
   *       - { $ref: '#/parameters/dryRun' }
   *       - { $ref: '#/parameters/force' }
   *       - { $ref: '#/parameters/ifMatch' }
   *     responses:
   *       200:
   *         description: with dryRun=true, the instance and in `note` what would be done; nothing was changed
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
   *         description: with wait, detached but not drained in time; `health` is the last that AWS reported
   *         schema: { $ref: '#/definitions/ChangeAnswer' }
   *         headers:
   *           Location: { type: string, description: where its health is told }
   *           Retry-After: { type: integer, description: seconds after which another look makes sense }
   *       400:
   *         description: wrong data format
   *         schema: { $ref: '#/definitions/Failure' }
   *         examples:
   *           application/json:
   *             message: >-
   *               wrong data format: the body is empty and there is no ?instanceId=; send {"instanceId": "i-…"}, with 8 or 17 lower-case hex digits after i-
   *       401: { $ref: '#/responses/Unauthenticated' }
   *       403: { $ref: '#/responses/CrossSite' }
   *       404: { $ref: '#/responses/ElbNotFound' }
   *       409:
   *         description: instance is not on load balancer
   *         schema: { $ref: '#/definitions/Failure' }
   *         examples:
   *           application/json:
   *             message: >-
   *               instance is not on load balancer: i-5203422c is no member of empty-elb; GET /elb/empty-elb lists the members
   *       412: { $ref: '#/responses/PreconditionFailed' }
   *       413: { $ref: '#/responses/PayloadTooLarge' }
   *       415: { $ref: '#/responses/UnsupportedEncoding' }
   *       502: { $ref: '#/responses/AwsRefused' }
   *       503: { $ref: '#/responses/AwsThrottled' }
   *       504: { $ref: '#/responses/AwsUnreachable' }
   */
  router.delete(
    '/elb/:elbName',
    sameOrigin(),
    allowQuery('dryRun', 'force', 'wait', 'timeout', 'instanceId'),
    async (ctx) => {
      const elbName = readElbName(ctx.params['elbName']);
      const { wait, timeoutMs, dryRun, force } = readChangeQuery(ctx, { wish: 'drained' });
      const ifMatch = readIfMatch(ctx);
      const until = clock.now() + timeoutMs;
      const instanceId = await readInstanceIdOrQuery(ctx);
      const options = { dryRun, force, actor: callerOf(ctx), requestId: ctx.state.requestId, ifMatch };
      ctx.state.change = { elbName, instanceIds: [instanceId], dryRun, force };
      const { outcomes, inService } = await changes.detach(
        elbName,
        [instanceId],
        traceRequest(ctx, parts),
        options,
      );
      const machine = only(outcomes);
      if (dryRun) {
        const note = wouldBe.detached(instanceId, elbName, inService);
        ctx.body = presentChange(machine, { dryRun, note, ...inServiceCounts(inService) });
        return;
      }
      if (wait !== undefined) return answerWait(ctx, parts, { elbName, machine, awaited: wait, until });
      ctx.body = presentChange(machine);
      ctx.status = 201;
    },
  );
}
