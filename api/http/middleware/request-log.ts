import type { Clock } from '../../time.ts';
import type { AppMiddleware } from '../context.ts';
import { requestIdOf, type RequestLog } from '../request-log.ts';

/** Gives each request an id, and tells the log of it once it is answered. */
export function requestLog(log: RequestLog, clock: Clock): AppMiddleware {
  return async (ctx, next) => {
    const startedAt = clock.now();
    const requestId = requestIdOf(ctx.req);
    ctx.state.requestId = requestId;
    ctx.set('X-Request-Id', requestId);
    await next();
    const { principal, trace, error, change, cache } = ctx.state;
    const route = ctx['_matchedRoute'] as string | undefined;
    log.answered({
      request: ctx.req,
      requestId,
      status: ctx.status,
      startedAt,
      route,
      principal,
      trace,
      error,
      change,
      cache,
    });
  };
}
