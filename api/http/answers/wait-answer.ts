import type { ChangeWaiter } from '../../load-balancers/changes/change-waiter.ts';
import type { ElbName, MachineInfo } from '../../load-balancers/instance.ts';
import type { AwaitedState } from '../../load-balancers/health/awaited-instance.ts';
import type { AppContext } from '../context.ts';
import { presentChange } from './presenters/change.ts';

export interface WaitDeps {
  readonly waits: ChangeWaiter;
}

/** A completed change, and the state that the client waits for. */
export interface ChangeToWaitFor {
  readonly elbName: ElbName;
  readonly instance: MachineInfo;
  readonly awaited: AwaitedState;
  /** On the scale of `Clock.now()`. */
  readonly until: number;
}

/**
 * Waits, then answers with 201 if the instance has reached the awaited state, or with 202 and its health if it has not
 * reached the state in time. Throws as `ChangeWaiter.until`.
 */
export async function answerWait(ctx: AppContext, deps: WaitDeps, change: ChangeToWaitFor): Promise<void> {
  const { elbName, instance, awaited, until } = change;
  const { instanceId } = instance;
  const end = await deps.waits.until({ elbName, instanceId, awaited, until }, disconnectSignal(ctx));
  if (end.how === 'reached') {
    ctx.status = 201;
    const note = `${instanceId} was not a member of ${elbName} after its draining ended, so it was attached again`;
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

/** Returns a signal that aborts when the client disconnects, or at once if it disconnected during the change. */
function disconnectSignal(ctx: AppContext): AbortSignal {
  const disconnected = new AbortController();
  ctx.res.once('close', () => {
    disconnected.abort();
  });
  if (ctx.res.closed) disconnected.abort();
  return disconnected.signal;
}
