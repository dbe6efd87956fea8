import { DomainError } from '../../errors.ts';
import type { AppContext, AppMiddleware } from '../context.ts';
import { forwardedOverHttp } from '../input/forwarded-proto.ts';
import { malformed } from '../input/well-formed.ts';

/**
 * Redirects requests that reached the load balancer over HTTP (308, which preserves the method and body). Add it after
 * `wellFormed`. It does not check the credentials in such a request, because the response would show an eavesdropper
 * whether they are valid. The log contains `authFailure: "sent over http"`. Throws `https_required`, or
 * `malformed_request` if there is no valid Host.
 */
export function redirectHttp(): AppMiddleware {
  return (ctx, next) => {
    if (!forwardedOverHttp(ctx.req.headers)) return next();
    const withCredentials = ctx.headers.authorization !== undefined;
    const advice = withCredentials
      ? 'use HTTPS, and change the password, because it was sent without encryption'
      : 'use https';
    throw new DomainError('https_required', 'this service requires https', {
      advice,
      location: secureUrl(ctx),
      ...(withCredentials && { authFailure: 'sent over http' }),
    });
  };
}

/**
 * Omits the port in the Host header, because HTTPS uses a different port. Rejects a path that does not start with
 * a slash, because it would extend the host name.
 */
function secureUrl({ req, path, search }: AppContext): string {
  const base = `https://${req.headers.host ?? ''}`;
  if (!path.startsWith('/') || !URL.canParse(base))
    throw malformed(
      'the request cannot be redirected to https',
      'send the host of the URL in the Host header',
    );
  return `https://${new URL(base).hostname}${path}${search}`;
}
