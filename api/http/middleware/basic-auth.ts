import type { Context } from 'koa';
import koaBasicAuth from 'koa-basic-auth';
import type { Authenticate, Authenticator, Credentials, Principal } from '../../principals/principal.ts';
import { unauthenticated } from '../input/authorization-header.ts';
import type { AppMiddleware } from '../context.ts';
import type { GuessLimit } from '../server/guess-limit.ts';

/**
 * Sets the principal of requests with accepted credentials. For other requests, throws `unauthenticated` with the
 * problem in the Authorization header. If the client has reached the limit, throws `too_many_attempts` without
 * verifying the header, unless the header was verified earlier. With `allowBearer`, also accepts credentials with the
 * Bearer scheme.
 */
export function basicAuth(
  authenticator: Authenticator,
  guesses: Pick<GuessLimit, 'check' | 'refused'>,
  { allowBearer = false } = {},
): AppMiddleware {
  return (ctx, next) => {
    const given = ctx.headers.authorization;
    const authorization = allowBearer ? given?.replace(/^bearer(?= |$)/i, 'Basic') : given;
    let principal = authenticator.recall(authorization);
    if (principal === undefined) {
      // A request without credentials is not an attempt to guess them.
      const hasCredentials = authorization !== undefined && authorization !== '';
      if (hasCredentials) guesses.check(ctx.req);
      principal = authenticator.authenticate(authorization);
      if (principal === undefined) {
        if (hasCredentials) guesses.refused(ctx.req);
        throw unauthenticated(authorization);
      }
    }
    ctx.state.principal = principal;
    return next();
  };
}

/** The maximum number of remembered headers per token. A client normally sends the same header each time. */
const maxHeadersPerToken = 4;

/**
 * Remembers accepted headers, because koa-basic-auth computes eight HMACs per token for each request. The number of
 * remembered headers is limited. Headers of the same length are compared in constant time.
 */
export class RememberedHeaders implements Authenticator {
  #verify: Authenticate;
  #max: number;
  #verified: readonly { readonly header: string; readonly principal: Principal }[] = [];

  /** `verify` accepts this number of tokens. */
  constructor(verify: Authenticate, tokens: number) {
    this.#verify = verify;
    this.#max = tokens * maxHeadersPerToken;
  }

  /** Replaces the accepted tokens, and forgets the headers that contain other tokens. */
  replace(verify: Authenticate, tokens: number): void {
    this.#verify = verify;
    this.#max = tokens * maxHeadersPerToken;
    this.#verified = this.#verified.filter(({ header }) => verify(header) !== undefined).slice(0, this.#max);
  }

  readonly recall: Authenticate = (authorization) => {
    if (authorization === undefined) return undefined;
    for (const { header, principal } of this.#verified)
      if (equalInConstantTime(header, authorization)) return principal;
    return undefined;
  };

  readonly authenticate: Authenticate = (authorization) => {
    const known = this.recall(authorization);
    if (known !== undefined || authorization === undefined) return known;
    const principal = this.#verify(authorization);
    if (principal !== undefined && this.#verified.length < this.#max)
      this.#verified = [...this.#verified, { header: authorization, principal }];
    return principal;
  };
}

/**
 * Compares every character, like `crypto.timingSafeEqual`. Creating the buffers for that function would take longer
 * than the comparison.
 */
function equalInConstantTime(known: string, offered: string): boolean {
  if (known.length !== offered.length) return false;
  let difference = 0;
  for (let index = 0; index < known.length; index += 1)
    difference |= known.charCodeAt(index) ^ offered.charCodeAt(index);
  return difference === 0;
}

/**
 * Returns a verifier for Basic credentials that uses koa-basic-auth, which compares in constant time. koa-basic-auth
 * does not check the password if the user is wrong, so the user and the password have separate instances, and all
 * instances run every time. It accepts any value if the user or password in its options is empty; `config.ts` rejects
 * empty values.
 */
export function koaBasicAuthenticate(accepted: readonly Credentials[]): Authenticate {
  const verifiers = accepted.map(({ user, password }) => ({
    principal: { name: user },
    userMatches: matcher({ name: user }),
    passwordMatches: matcher({ pass: password }),
  }));
  return (authorization) => {
    const verdicts = verifiers.map(({ principal, userMatches, passwordMatches }) => {
      const halves = [userMatches(authorization), passwordMatches(authorization)];
      return { principal, accepted: halves.every(Boolean) };
    });
    return verdicts.find((verdict) => verdict.accepted)?.principal;
  };
}

/**
 * koa-basic-auth uses only one header and the `throw` method of the context. Its types require a user and a password,
 * but its code does not.
 */
function matcher(half: { name: string } | { pass: string }): (authorization: string | undefined) => boolean {
  const middleware = koaBasicAuth(half as { name: string; pass: string });
  return (authorization) => {
    let rejected = false;
    const ctx = { headers: { authorization }, throw: () => (rejected = true) };
    void middleware(ctx as unknown as Context, () => Promise.resolve());
    return !rejected;
  };
}
