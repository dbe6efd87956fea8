import { randomBytes } from 'node:crypto';
import type { IncomingMessage } from 'node:http';

/** Other ids could break or forge a log line. */
const validRequestId = /^[\w.:+/=@-]{1,128}$/;

/**
 * A generated id consists of a random prefix per process and a counter, because generating a random id for each request
 * takes longer.
 */
const processId = randomBytes(6).toString('hex');
let requests = 0;

/** Returns the client's X-Request-Id if it is valid, otherwise a generated id. */
export function requestIdOf(request: IncomingMessage): string {
  const offered = request.headers['x-request-id'];
  return typeof offered === 'string' && validRequestId.test(offered) ? offered : nextId();
}

/**
 * Uses base 36, because V8 caches the strings of decimal numbers until they are promoted to the old generation (37
 * bytes per request). It does not cache strings in other bases.
 */
function nextId(): string {
  requests += 1;
  return `${processId}-${requests.toString(36)}`;
}
