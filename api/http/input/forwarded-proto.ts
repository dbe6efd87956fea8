import type { IncomingHttpHeaders } from 'node:http';

/**
 * Returns whether the client sent the request to the load balancer over http. A load balancer sets or appends
 * X-Forwarded-Proto, so only the last value counts; a request without it, such as a health check, did not pass one.
 */
export function forwardedOverHttp(headers: IncomingHttpHeaders): boolean {
  const protocol = headers['x-forwarded-proto'];
  // Most requests have no such header or this value.
  if (protocol === undefined || protocol === 'https') return false;
  return String(protocol).split(',').at(-1)?.trim().toLowerCase() === 'http';
}
