import { writeTraceparent } from '../../telemetry/trace-context.ts';
import type { AppMiddleware } from '../context.ts';
import type { Pipeline } from '../server/pipeline.ts';

/**
 * Admits each request to the pipeline, and reports the end of the request to the pipeline after all other middleware.
 */
export function admission(pipeline: Pipeline): AppMiddleware {
  return async (ctx, next) => {
    const state = (ctx.state = pipeline.admit(ctx.req, ctx.res));
    const { requestId, traceContext, span } = state;
    ctx.set('X-Request-Id', requestId);
    if (traceContext !== undefined) ctx.set('traceparent', writeTraceparent(traceContext));
    try {
      await (span === undefined ? next() : span.run(next));
    } finally {
      state.route = ctx['_matchedRoute'] as string | undefined;
      pipeline.answered(state);
    }
  };
}
