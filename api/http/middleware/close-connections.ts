import type { AppMiddleware } from '../context.ts';

/** Sets Connection: close in the responses to requests that are in flight when the service closes. */
export function closeConnections(closing: AbortSignal): AppMiddleware {
  return async (ctx, next) => {
    await next();
    if (closing.aborted) ctx.set('Connection', 'close');
  };
}
