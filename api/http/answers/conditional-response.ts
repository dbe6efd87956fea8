import { createHash } from 'node:crypto';
import { DomainError } from '../../errors.ts';
import type { InstanceList } from '../../load-balancers/inventory/region-cache.ts';
import type { AppContext } from '../context.ts';
import type { Envelope } from './presenters/text.ts';

/** What there is to say of the age of an answer. */
type Known = Pick<InstanceList, 'asOf' | 'freshUntil' | 'how'>;

/** RFC 9211: whether the answer was known, and if not, why AWS was asked. */
const cacheStatus: Readonly<Record<InstanceList['how'], string>> = {
  hit: 'hit',
  stale: 'hit; detail=stale',
  'asked-unknown': 'fwd=uri-miss',
  'asked-expired': 'fwd=stale',
  'asked-on-request': 'fwd=request',
};

/** Returns the headers that tell, at `now` on the scale of `Clock.now()`, what the body is named and how old it is. */
export function cacheHeaders(
  { asOf, freshUntil, how }: Known,
  etag: string,
  now: number,
): Record<string, string> {
  return {
    ETag: etag,
    // How fresh is fresh enough is decided here, so the client's own cache asks each time, and is told 304.
    'Cache-Control': 'private, no-cache',
    Age: String(Math.max(0, Math.floor((now - asOf) / 1000))),
    'Cache-Status': `elb-inventory; ${cacheStatus[how]}; ttl=${Math.floor((freshUntil - now) / 1000)}`,
  };
}

/** The name of what the body tells: the same text has the same name. */
export function etagOf(body: string): string {
  return `"${createHash('sha256').update(body).digest('base64url').slice(0, 22)}"`;
}

/** Answers a GET or HEAD at `now` with JSON that is known, or with 304 where the caller has it. */
export function answerConditionally(
  ctx: AppContext,
  known: Known,
  message: Envelope<unknown>,
  now: number,
): void {
  const body = JSON.stringify(message);
  const etag = etagOf(body);
  if (known.how === 'stale') ctx.state.cache = 'stale';
  ctx.set(cacheHeaders(known, etag, now));
  ctx.type = 'json';
  answerUnlessMatched(ctx, body, etag);
}

/**
 * Answers with the body, whose type is set already, or with 304 where the caller has what `etag` names. Throws
 * `precondition_failed` where If-Match names other lists alone: it counts for reads too (RFC 9110, 13.1.1).
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
 * Returns whether If-Match lets the request through: it is missing, `*`, or names the ETag by strong comparison (RFC
 * 9110, 13.1.1). An empty one is fulfilled by nothing.
 */
export function ifMatchAllows(ifMatch: string | undefined, etag: string): boolean {
  if (ifMatch === undefined || ifMatch.trim() === '*') return true;
  const named: readonly string[] = ifMatch.match(/(?:W\/)?"[^"]*"/g) ?? [];
  return named.includes(etag);
}

/** If-None-Match compares weakly (RFC 9110, 13.1.2). */
function matches(ifNoneMatch: string, etag: string): boolean {
  return ifNoneMatch.split(',').some((text) => ['*', etag, `W/${etag}`].includes(text.trim()));
}
