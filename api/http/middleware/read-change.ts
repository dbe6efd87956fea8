import { parseInstanceId } from '../../load-balancers/instance.ts';
import type { AwaitedState } from '../../load-balancers/health/awaited-instance.ts';
import { type AppContext, type AppMiddleware, callerOf } from '../context.ts';
import type { Admission } from '../server/admission.ts';
import { readElbName } from '../input/path.ts';
import { readIfMatch } from '../input/precondition.ts';
import { readChangeQuery } from '../input/query.ts';

/**
 * Stores the load balancer, the options and the instance ids from `readIds` in `ctx.state.change`. `awaited` is the
 * state that `?wait=` accepts. Takes the slots of the change and of its wait before it reads the body. Throws
 * `overloaded` if none is free, and the errors of the functions in `input/`.
 */
export function readChange(
  admission: Admission,
  readIds: (ctx: AppContext) => Promise<string | readonly string[]>,
  awaited?: AwaitedState,
): AppMiddleware {
  return async (ctx, next) => {
    const { state } = ctx;
    const elbName = readElbName((ctx['params'] as { elbName?: string }).elbName);
    const { timeoutMs, ...options } = readChangeQuery(ctx, awaited);
    const ifMatch = readIfMatch(ctx);
    state.changeSlot = admission.take('changes');
    if (options.wait !== undefined && !options.dryRun) state.waiterSlot = admission.take('waiters');
    const named = [await readIds(ctx)].flat();
    state.change = {
      elbName,
      named,
      instanceIds: named.filter((id) => parseInstanceId(id) !== undefined),
      ...options,
      until: state.startedAt + timeoutMs,
      ifMatch,
      actor: callerOf(ctx),
      requestId: state.requestId,
      traceId: state.traceContext?.traceId,
    };
    await next();
  };
}
