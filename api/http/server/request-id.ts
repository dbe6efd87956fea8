import { randomBytes } from 'node:crypto';
import type { IncomingMessage } from 'node:http';

/** Anything longer or stranger could break a log line or hide another. */
const saneRequestId = /^[\w.:+/=@-]{1,128}$/;

/** Ids of this process start with the same random part and end with a count: a random id for each request costs more. */
const processId = randomBytes(6).toString('hex');
let requests = 0;

/** Returns the caller's X-Request-Id where it is sane, else one of ours. */
export function requestIdOf(request: IncomingMessage): string {
  const offered = request.headers['x-request-id'];
  return typeof offered === 'string' && saneRequestId.test(offered) ? offered : nextId();
}

/**
 * V8 keeps decimal numbers that it has written for a while, long enough for each to become garbage of the old
 * generation (37 bytes a request); it does not keep those of another base.
 */
function nextId(): string {
  requests += 1;
  return `${processId}-${requests.toString(36)}`;
}
