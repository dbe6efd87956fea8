import type { IncomingHttpHeaders } from 'node:http';

/**
 * Returns true if the client sent the request to the load balancer over HTTP. A load balancer sets or appends
 * X-Forwarded-Proto, so only the last value counts. A request without this header, such as a health check, did not pass
 * through a load balancer.
 */
export function forwardedOverHttp(headers: IncomingHttpHeaders): boolean {
  const protocol = headers['x-forwarded-proto'];
  // Most requests do not have this header, or have this value.
  if (protocol === undefined || protocol === 'https') return false;
  return String(protocol).split(',').at(-1)?.trim().toLowerCase() === 'http';
}
