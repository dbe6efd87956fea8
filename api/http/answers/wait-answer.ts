import type { ChangeWaiter } from '../../load-balancers/changes/change-waiter.ts';
import type { ElbName, MachineInfo } from '../../load-balancers/instance.ts';
import type { AwaitedState } from '../../load-balancers/health/health-waiter.ts';
import type { AppContext } from '../context.ts';
import { presentChange } from './presenters/change.ts';

export interface WaitDeps {
  readonly waits: ChangeWaiter;
}

/** A change that was made, and the state that the caller waits for. */
export interface ChangeToWaitFor {
  readonly elbName: ElbName;
  readonly instance: MachineInfo;
  readonly awaited: AwaitedState;
  /** On the scale of `Clock.now()`. */
  readonly until: number;
}

/**
 * Answers a change with 201 when the instance is in the state that the caller waits for, or with 202 and its health
 * when it is not so in time. Throws as `ChangeWaiter.until`.
 */
export async function answerWait(ctx: AppContext, parts: WaitDeps, change: ChangeToWaitFor): Promise<void> {
  const { elbName, instance, awaited, until } = change;
  const { instanceId } = instance;
  const end = await parts.waits.until({ elbName, instanceId, awaited, until }, hangUpOf(ctx));
  if (end.how === 'there') {
    ctx.status = 201;
    const note = `${instanceId} was not a member of ${elbName} after its draining ended, so it was attached again`;
    ctx.body = presentChange(instance, end.again ? { note } : {});
    return;
  }
  ctx.status = 202;
  // The client has disconnected; skip the body.
  if (end.how === 'gone' || end.health === undefined) return;
  ctx.set('Location', `/elb/${elbName}/health`);
  ctx.set('Retry-After', String(end.health.lookAgainSeconds));
  ctx.body = presentChange(instance, { health: end.health });
}

/** Aborts when the client disconnects; it may have done so while the change was made. */
function hangUpOf(ctx: AppContext): AbortSignal {
  const left = new AbortController();
  ctx.res.once('close', () => {
    left.abort();
  });
  if (ctx.res.closed) left.abort();
  return left.signal;
}
