import type { AppMiddleware } from '../context.ts';

/** Once the service is closing, answers that were under way by then tell the client, too, that they are the last. */
export function closeConnections(closing: AbortSignal): AppMiddleware {
  return async (ctx, next) => {
    await next();
    if (closing.aborted) ctx.set('Connection', 'close');
  };
}
