import type { Context } from 'koa';
import koaBasicAuth from 'koa-basic-auth';
import type { Authenticate, Credentials, Principal } from '../../principals/principal.ts';
import { unauthenticated } from '../input/authorization-header.ts';
import type { AppMiddleware } from '../context.ts';

/**
 * Sets the principal of requests with accepted credentials. Throws `unauthenticated` for others, with the fault of their
 * Authorization header. With `allowBearer`, the scheme of the credentials can also be Bearer.
 */
export function basicAuth(authenticate: Authenticate, { allowBearer = false } = {}): AppMiddleware {
  return (ctx, next) => {
    const given = ctx.headers.authorization;
    const authorization = allowBearer ? given?.replace(/^bearer(?= |$)/i, 'Basic') : given;
    const principal = authenticate(authorization);
    if (principal === undefined) throw unauthenticated(authorization);
    ctx.state.principal = principal;
    return next();
  };
}

/** The maximum number of remembered headers per token; a client normally sends the same header each time. */
const maxHeadersPerToken = 4;

/**
 * Returns a verifier that remembers accepted headers, because koa-basic-auth computes eight HMACs per token and request.
 * The number of headers is limited. Headers of the same length are compared in constant time.
 */
export function rememberVerified(authenticate: Authenticate, tokens: number): Authenticate {
  const verified: { readonly header: string; readonly principal: Principal }[] = [];
  return (authorization) => {
    if (authorization === undefined) return undefined;
    for (const { header, principal } of verified)
      if (equalInConstantTime(header, authorization)) return principal;
    const principal = authenticate(authorization);
    if (principal !== undefined && verified.length < tokens * maxHeadersPerToken) {
      verified.push({ header: authorization, principal });
    }
    return principal;
  };
}

/** Compares every character, like `crypto.timingSafeEqual`; its buffers would cost more than the comparison. */
function equalInConstantTime(known: string, offered: string): boolean {
  if (known.length !== offered.length) return false;
  let difference = 0;
  for (let index = 0; index < known.length; index += 1)
    difference |= known.charCodeAt(index) ^ offered.charCodeAt(index);
  return difference === 0;
}

/**
 * Returns a verifier of Basic credentials that uses koa-basic-auth, which compares in constant time. That middleware
 * skips the password after a wrong user, so user and password have an instance each, and all instances run every time.
 * It accepts any value for an empty user or password in its options; `config.ts` refuses those.
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

/** koa-basic-auth uses one header and `throw` of the context. Its types require user and password; its code does not. */
function matcher(half: { name: string } | { pass: string }): (authorization: string | undefined) => boolean {
  const middleware = koaBasicAuth(half as { name: string; pass: string });
  return (authorization) => {
    let rejected = false;
    const ctx = { headers: { authorization }, throw: () => (rejected = true) };
    void middleware(ctx as unknown as Context, () => Promise.resolve());
    return !rejected;
  };
}
