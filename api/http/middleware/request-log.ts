import { randomUUID } from 'node:crypto';
import type { Logger } from '../../telemetry.ts';
import { clientAddress } from '../client-address.ts';
import type { AppContext, AppMiddleware } from '../context.ts';

/** Anything longer or stranger could break a log line or hide another. */
const saneRequestId = /^[\w.:+/=@-]{1,128}$/;

/** Gives each request an id, and the log one line about it once it is answered. */
export function requestLog(logger: Logger): AppMiddleware {
  return async (ctx, next) => {
    const start = performance.now();
    const offered = ctx.get('X-Request-Id');
    ctx.state.requestId = saneRequestId.test(offered) ? offered : randomUUID();
    ctx.set('X-Request-Id', ctx.state.requestId);
    await next();
    const level = ctx.status >= 500 ? 'error' : 'info';
    logger[level](describeRequest(ctx, performance.now() - start), 'request');
  };
}

function describeRequest(ctx: AppContext, durationMs: number): object {
  const { requestId, principal, trace, error } = ctx.state;
  return {
    method: ctx.method,
    route: (ctx['_matchedRoute'] as string | undefined) ?? ctx.path.slice(0, 256),
    status: ctx.status,
    durationMs: Math.round(durationMs * 10) / 10,
    principal: principal?.name,
    client: clientAddress(ctx.req.socket.remoteAddress, ctx.headers['x-forwarded-for'] as string | undefined),
    requestId,
    awsRequestIds: trace?.requestIds,
    ...(error !== undefined && (ctx.status >= 500 ? { err: error } : { reason: (error as Error).message })),
  };
}
