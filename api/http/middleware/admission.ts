import type { AppMiddleware } from '../context.ts';
import type { Pipeline } from '../server/pipeline.ts';

/** Admits each request to the pipeline, and ends it there after the rest of the middleware. */
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
