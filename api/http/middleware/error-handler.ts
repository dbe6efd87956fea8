import { DomainError } from '../../errors.ts';
import type { AppContext, AppMiddleware } from '../context.ts';
import { errorStatus } from '../answers/error-status.ts';
import { presentText } from '../answers/presenters/text.ts';

/** With this charset parameter (RFC 7617), clients encode the user and password as UTF-8. */
const challenge = 'Basic realm="elb-inventory", charset="UTF-8"';

/**
 * Responds to a DomainError with its status and message. Responds to any other error with 500, without internal
 * details. The header `Error-Code` contains the code.
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
      const { retryAfterSeconds, allow, location } = details;
      if (retryAfterSeconds !== undefined) ctx.set('Retry-After', String(retryAfterSeconds));
      if (location !== undefined) ctx.set('Location', location);
      if (allow !== undefined) ctx.set('Allow', allow.join(', '));
      // A 415 response lists the accepted content codings (RFC 9110, 12.5.3).
      if (code === 'unsupported_encoding') ctx.set('Accept-Encoding', 'identity');
      if (code === 'unauthenticated') ctx.set('WWW-Authenticate', challenge);
    }
  };
}

/** Returns the error for a bug in this program. During a change, the bug can occur before or after the AWS call. */
function unexpectedError({ requestId, change }: AppContext['state'], cause: unknown): DomainError {
  const outcome =
    change === undefined || change.dryRun
      ? ''
      : `; it is unknown whether the change was made, so check GET /elb/${change.elbName} before you try again`;
  const problem = `an unexpected error occurred; the log contains the cause with the request id ${requestId}`;
  return new DomainError('internal_error', `${problem}${outcome}`, { cause });
}
