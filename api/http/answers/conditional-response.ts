import { createHash } from 'node:crypto';
import { DomainError } from '../../errors.ts';
import type { InstanceList } from '../../load-balancers/inventory/lists.ts';
import type { AppContext } from '../context.ts';
import type { Envelope } from './presenters/text.ts';

/** The source and age of the data in a response. */
type Source = Pick<InstanceList, 'asOf' | 'freshUntil' | 'how'>;

/** The parameters of Cache-Status (RFC 9211): a cache hit, or the reason for the AWS call. */
const cacheStatus: Readonly<Record<InstanceList['how'], string>> = {
  hit: 'hit',
  stale: 'hit; detail=stale',
  'miss-unknown': 'fwd=uri-miss',
  'miss-expired': 'fwd=stale',
  'miss-on-request': 'fwd=request',
};

/**
 * Returns the ETag and the headers that describe the age of a response at `now`, on the time scale of `Clock.now()`.
 */
export function cacheHeaders(
  { asOf, freshUntil, how }: Source,
  etag: string,
  now: number,
): Record<string, string> {
  return {
    ETag: etag,
    // Caches must revalidate every response, because this service decides which age is acceptable.
    'Cache-Control': 'private, no-cache',
    Age: String(Math.max(0, Math.floor((now - asOf) / 1000))),
    'Cache-Status': `elb-inventory; ${cacheStatus[how]}; ttl=${Math.floor((freshUntil - now) / 1000)}`,
  };
}

/** Returns the ETag of the body: a hash of its text. */
export function etagOf(body: string): string {
  return `"${createHash('sha256').update(body).digest('base64url').slice(0, 22)}"`;
}

/**
 * Responds to a GET or HEAD request with the message, or with 304 if the client already has it. Throws the same errors
 * as `answerUnlessMatched`.
 */
export function answerConditionally(
  ctx: AppContext,
  source: Source,
  message: Envelope<unknown>,
  now: number,
): void {
  const body = JSON.stringify(message);
  const etag = etagOf(body);
  if (source.how === 'stale') ctx.state.cache = 'stale';
  ctx.set(cacheHeaders(source, etag, now));
  ctx.type = 'json';
  answerUnlessMatched(ctx, body, etag);
}

/**
 * Responds with the body, or with 304 if If-None-Match contains the ETag. Throws `precondition_failed` if If-Match does
 * not contain the ETag, because If-Match also applies to reads (RFC 9110, 13.1.1).
 */
export function answerUnlessMatched(ctx: AppContext, body: string, etag: string): void {
  if (!ifMatchAllows(ctx.req.headers['if-match'], etag))
    throw new DomainError('precondition_failed', 'the list does not match If-Match', {
      advice: 'omit If-Match to read the current list',
    });
  const unchanged = matches(ctx.get('If-None-Match'), etag);
  ctx.status = unchanged ? 304 : 200;
  ctx.body = unchanged ? null : body;
}

/**
 * Returns true if If-Match allows the request: the header is absent or `*`, or it contains the ETag by strong
 * comparison (RFC 9110, 13.1.1). An empty If-Match never allows the request.
 */
export function ifMatchAllows(ifMatch: string | undefined, etag: string): boolean {
  if (ifMatch === undefined || ifMatch.trim() === '*') return true;
  const named: readonly string[] = ifMatch.match(/(?:W\/)?"[^"]*"/g) ?? [];
  return named.includes(etag);
}

/** Returns true if If-None-Match contains the ETag by weak comparison (RFC 9110, 13.1.2). */
function matches(ifNoneMatch: string, etag: string): boolean {
  return ifNoneMatch.split(',').some((text) => ['*', etag, `W/${etag}`].includes(text.trim()));
}
