import type { AppMiddleware } from '../context.ts';
import type { Pipeline } from '../server/pipeline.ts';

/** Admits each request, and passes it back to the pipeline when the middleware after this one is done. */
export function admission(pipeline: Pipeline): AppMiddleware {
  return async (ctx, next) => {
    const state = (ctx.state = pipeline.admit(ctx.req, ctx.res));
    ctx.set('X-Request-Id', state.requestId);
    try {
      await next();
    } finally {
      state.route = ctx['_matchedRoute'] as string | undefined;
      pipeline.answered(state);
    }
  };
}
