import type { ChangeWaiter } from '../../load-balancers/changes/change-waiter.ts';
import type { MachineInfo } from '../../load-balancers/instance.ts';
import type { AwsTrace } from '../../telemetry/aws-trace.ts';
import type { ChangeContext } from '../context.ts';
import { type ChangeFacts, presentChange } from './presenters/change.ts';

export interface WaitDeps {
  readonly waits: ChangeWaiter;
}

/**
 * Responds to a change of one instance with the instance and the facts: with 201, or with 200 for a dry run. With
 * `wait`, responds with 201 when the instance has reached the requested state, or with 202 and its health if the
 * instance does not reach the state in time. Throws the same errors as `ChangeWaiter.until`.
 */
export async function answerChange(
  ctx: ChangeContext,
  deps: WaitDeps,
  instance: MachineInfo,
  facts: ChangeFacts,
  trace: AwsTrace,
): Promise<void> {
  const { dryRun, wait: awaited, elbName, until } = ctx.state.change;
  if (awaited === undefined || dryRun) {
    ctx.status = dryRun ? 200 : 201;
    ctx.body = presentChange(instance, facts);
    return;
  }
  const { instanceId } = instance;
  ctx.state.changeSlot?.free();
  const end = await deps.waits.until({ elbName, instanceId, awaited, until }, trace, disconnectSignal(ctx));
  if (end.how === 'reached') {
    ctx.status = 201;
    const note = `${instanceId} was no longer a member of ${elbName} after draining, so it was attached again`;
    ctx.body = presentChange(instance, end.again ? { note } : {});
    return;
  }
  ctx.status = 202;
  // The client has disconnected; skip the body.
  if (end.how === 'disconnected' || end.health === undefined) return;
  ctx.set('Location', `/elb/${elbName}/health`);
  ctx.set('Retry-After', String(end.health.checkAgainSeconds));
  ctx.body = presentChange(instance, { health: end.health });
}

/**
 * Returns a signal that aborts when the client disconnects. It is already aborted if the client disconnected during the
 * change.
 */
function disconnectSignal(ctx: ChangeContext): AbortSignal {
  const disconnected = new AbortController();
  ctx.res.once('close', () => {
    disconnected.abort();
  });
  if (ctx.res.closed) disconnected.abort();
  return disconnected.signal;
}
