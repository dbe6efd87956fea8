import { DomainError } from '../../errors.ts';
import type { AppMiddleware } from '../context.ts';

/**
 * Rejects changes that a browser sends from a page on another site, because the browser may add stored Basic
 * credentials. Uses Sec-Fetch-Site (W3C Fetch Metadata), or Origin for older browsers. Throws `cross_site_request`.
 */
export function sameOrigin(): AppMiddleware {
  return (ctx, next) => {
    const site = ctx.get('Sec-Fetch-Site');
    const origin = ctx.get('Origin');
    const allowed =
      site !== ''
        ? site === 'same-origin' || site === 'none'
        : origin === '' || isHost(origin, ctx.get('Host'));
    if (!allowed) {
      throw new DomainError('cross_site_request', 'a browser sent this change from another site', {
        advice: 'send it from the pages of this service or from a program',
      });
    }
    return next();
  };
}

/** Uses URL for the comparison, because it removes default ports. */
function isHost(origin: string, host: string): boolean {
  if (!URL.canParse(origin)) return false;
  const { protocol, host: originHost } = new URL(origin);
  const own = `${protocol}//${host}`;
  return originHost !== '' && URL.canParse(own) && new URL(own).host === originHost;
}
