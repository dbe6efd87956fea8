import { DomainError } from '../../errors.ts';
import type { AppContext, AppMiddleware } from '../context.ts';
import { errorStatus } from '../answers/error-status.ts';
import { presentText } from '../answers/presenters/text.ts';

/** RFC 7617: the realm, and that user and password are read as UTF-8. */
const challenge = 'Basic realm="elb-inventory", charset="UTF-8"';

/**
 * Answers every failure, once, with its code in the header `Error-Code`: a DomainError with its own words, anything
 * else with 500 and none of its internals.
 */
export function errorHandler(): AppMiddleware {
  return async (ctx, next) => {
    try {
      await next();
    } catch (error) {
      ctx.state.error = error;
      const { code, message, details } =
        error instanceof DomainError ? error : unexpectedError(ctx.state, error);
      ctx.status = errorStatus[code];
      ctx.body = presentText(message);
      ctx.set('Error-Code', code);
      const { retryAfterSeconds, allow } = details;
      if (retryAfterSeconds !== undefined) ctx.set('Retry-After', String(retryAfterSeconds));
      if (allow !== undefined) ctx.set('Allow', allow.join(', '));
      // RFC 9110, 12.5.3: with 415, the content codings that a request can have.
      if (code === 'unsupported_encoding') ctx.set('Accept-Encoding', 'identity');
      if (code === 'unauthenticated') ctx.set('WWW-Authenticate', challenge);
    }
  };
}

/** A fault of this program. During a change it can come before the call of AWS or after it. */
function unexpectedError({ requestId, change }: AppContext['state'], cause: unknown): DomainError {
  const outcome =
    change === undefined || change.dryRun
      ? ''
      : `; it is unknown whether the change was made, so check GET /elb/${change.elbName} before you try again`;
  const problem = `an unexpected error occurred; the log has the cause under the request id ${requestId}`;
  return new DomainError('internal_error', `${problem}${outcome}`, { cause });
}
