import { DomainError } from '../../errors.ts';
import type { AppMiddleware } from '../context.ts';
import { isHost } from '../input/host.ts';

/** Headers that this service reads and that are not lists (RFC 9110, 5.3), so two values are ambiguous. */
const singleFields = new Set([
  ...['authorization', 'content-type', 'host', 'if-modified-since', 'if-range', 'if-unmodified-since'],
  ...['origin', 'sec-fetch-site'],
]);

/**
 * Refuses malformed requests that Node's parser accepts, and a missing Host (RFC 9112, 3.2), which Node would answer
 * without an envelope. Throws `malformed_request`.
 */
export function wellFormed(): AppMiddleware {
  return (ctx, next) => {
    const { host } = ctx.req.headers;
    if (host === undefined && ctx.req.httpVersion === '1.1')
      throw malformed('the request has no Host header', 'send one, which HTTP/1.1 requires');
    const repeated = repeatedField(ctx.req.rawHeaders);
    if (repeated !== undefined)
      throw malformed(`the request has the header ${repeated} twice`, 'send it once');
    if (host !== undefined && !isHost(host))
      throw malformed('the Host header is not a valid host', 'send the host of the URL, with its port');
    try {
      Reflect.get(ctx, 'path');
    } catch (cause) {
      throw malformed('the request target is not a URL', 'check its spelling', cause);
    }
    return next();
  };
}

/** Returns a single-value header that appears twice in `rawHeaders`, which alternates names and values. */
function repeatedField(rawHeaders: readonly string[]): string | undefined {
  const seen = new Set<string>();
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const field = rawHeaders[index]?.toLowerCase() ?? '';
    if (!singleFields.has(field)) continue;
    if (seen.has(field)) return field;
    seen.add(field);
  }
  return undefined;
}

function malformed(problem: string, advice: string, cause?: unknown): DomainError {
  return new DomainError('malformed_request', problem, { advice, cause });
}
