import { DomainError } from '../../errors.ts';
import type { AppMiddleware } from '../context.ts';
import { errorStatus } from '../error-status.ts';
import { presentText } from '../presenters.ts';

/** RFC 7617: the realm, and that user and password are read as UTF-8. */
const challenge = 'Basic realm="elb-inventory", charset="UTF-8"';

/** Answers every failure, once: a DomainError with its own words, anything else with 500 and none of its internals. */
export function errorHandler(): AppMiddleware {
  return async (ctx, next) => {
    try {
      await next();
    } catch (error) {
      ctx.state.error = error;
      if (!(error instanceof DomainError)) {
        ctx.status = 500;
        ctx.body = presentText(
          `something unforeseen went wrong; the log tells what, under the request id ${ctx.state.requestId}`,
        );
        return;
      }
      const { retryAfterSeconds, allow } = error.details;
      ctx.status = errorStatus[error.code];
      ctx.body = presentText(error.message);
      if (retryAfterSeconds !== undefined) ctx.set('Retry-After', String(retryAfterSeconds));
      if (allow !== undefined) ctx.set('Allow', allow.join(', '));
      if (error.code === 'unauthenticated') ctx.set('WWW-Authenticate', challenge);
    }
  };
}
