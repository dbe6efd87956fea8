import type { IncomingMessage } from 'node:http';
import { DomainError } from '../../errors.ts';

/** RFC 3986, 3.2.2 and 3.2.3, without the comma, because Node.js joins the values of repeated headers with commas. */
const hostPattern = /^[\w.~!$&'()*+;=%:[\]-]*$/;

/**
 * Headers that this service reads and that are not lists (RFC 9110, 5.3). Two values for such a header are ambiguous.
 */
const singleFields = new Set([
  ...['authorization', 'content-type', 'host', 'if-modified-since', 'if-range', 'if-unmodified-since'],
  ...['origin', 'sec-fetch-site'],
]);

/**
 * Returns `malformed_request` for malformed headers that the Node.js parser accepts, and for a missing Host header (RFC
 * 9112, 3.2), for which Node.js would respond without an envelope. Returns undefined if the headers are well-formed.
 */
export function malformation({ headers, rawHeaders, httpVersion }: IncomingMessage): DomainError | undefined {
  const { host } = headers;
  if (host === undefined && httpVersion === '1.1')
    return malformed('the request has no Host header', 'send one, which HTTP/1.1 requires');
  const repeated = repeatedField(headers, rawHeaders);
  if (repeated !== undefined)
    return malformed(`the request has the header ${repeated} twice`, 'send it once');
  if (host !== undefined && !hostPattern.test(host))
    return malformed('the Host header is not a valid host', 'send the host of the URL, with its port');
  return undefined;
}

/**
 * Returns a single-value header that appears twice in `rawHeaders`, which contains alternating names and values.
 * Returns undefined if there is no such header.
 */
function repeatedField(headers: object, rawHeaders: readonly string[]): string | undefined {
  // `headers` joins repeated headers, and few requests have repeated headers.
  if (Object.keys(headers).length === rawHeaders.length / 2) return undefined;
  const seen = new Set<string>();
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const field = rawHeaders[index]?.toLowerCase() ?? '';
    if (!singleFields.has(field)) continue;
    if (seen.has(field)) return field;
    seen.add(field);
  }
  return undefined;
}

/** Returns the error for a request that is not valid HTTP. */
export function malformed(problem: string, advice: string, cause?: unknown): DomainError {
  return new DomainError('malformed_request', problem, { advice, cause });
}
