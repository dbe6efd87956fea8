import type { Freshness } from '../../load-balancers/inventory/cache-policy.ts';
import type { AppContext } from '../context.ts';

/**
 * Returns the maximum age of the response that the request allows in Cache-Control (RFC 9111, 5.2.1) or, if that is
 * absent, in Pragma. Ignores other directives and invalid values.
 */
export function readFreshness(ctx: AppContext): Freshness {
  const directives = (ctx.get('Cache-Control') || ctx.get('Pragma'))
    .toLowerCase()
    .split(',')
    .map((text) => text.trim());
  if (directives.includes('no-cache')) return { noCache: true };
  const seconds = directives.map((directive) => /^max-age="?(\d{1,9})"?$/.exec(directive)?.[1]).find(Boolean);
  return seconds === undefined ? {} : { maxAgeMs: Number(seconds) * 1000 };
}
