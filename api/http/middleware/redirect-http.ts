import { DomainError } from '../../errors.ts';
import type { AppContext, AppMiddleware } from '../context.ts';
import { forwardedOverHttp } from '../input/forwarded-proto.ts';

/**
 * Redirects requests that a client sent to the load balancer over http (308, which keeps method and body). Use it behind
 * `wellFormed`. Credentials in such a request are not checked, because a response would confirm them to a listener; the
 * log has `authFailure: "sent over http"`. Throws `https_required`, or `malformed_request` without a usable Host.
 */
export function redirectHttp(): AppMiddleware {
  return (ctx, next) => {
    if (!forwardedOverHttp(ctx.req.headers)) return next();
    const withCredentials = ctx.headers.authorization !== undefined;
    const advice = withCredentials
      ? 'use https, and change the password, because it was sent without encryption'
      : 'use https';
    throw new DomainError('https_required', 'this service requires https', {
      advice,
      location: secureUrl(ctx),
      ...(withCredentials && { authFailure: 'sent over http' }),
    });
  };
}

/** Without the port of the Host header, because https has its own. Only a path can follow the host of a URL. */
function secureUrl({ req, path, search }: AppContext): string {
  const base = `https://${req.headers.host ?? ''}`;
  if (!path.startsWith('/') || !URL.canParse(base))
    throw new DomainError('malformed_request', 'the request cannot be redirected to https', {
      advice: 'send the host of the URL in the Host header',
    });
  return `https://${new URL(base).hostname}${path}${search}`;
}
