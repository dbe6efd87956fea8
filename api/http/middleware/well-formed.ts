import { DomainError } from '../../errors.ts';
import type { AppMiddleware } from '../context.ts';

/**
 * Refuses what Node's parser lets through and nothing after this could read. Node itself would answer a missing Host
 * (which RFC 9112, 3.2, wants refused) without an envelope. Throws `malformed_request`.
 */
export function wellFormed(): AppMiddleware {
  return (ctx, next) => {
    if (ctx.req.httpVersion === '1.1' && ctx.req.headers.host === undefined) {
      throw new DomainError('malformed_request', 'the request has no Host header', {
        advice: 'HTTP/1.1 needs one',
      });
    }
    try {
      Reflect.get(ctx, 'path');
    } catch (cause) {
      throw new DomainError('malformed_request', 'the request target is not a URL', {
        advice: 'check it',
        cause,
      });
    }
    return next();
  };
}
