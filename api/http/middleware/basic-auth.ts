import type { Context } from 'koa';
import koaBasicAuth from 'koa-basic-auth';
import type { Authenticate, Credentials, Principal } from '../../principals/principal.ts';
import { unauthenticated } from '../input/authorization-header.ts';
import type { AppMiddleware } from '../context.ts';

/**
 * Passes on requests whose credentials `authenticate` accepts, with the principal on the context. Throws
 * `unauthenticated`, which says what form the credentials have.
 */
export function basicAuth(authenticate: Authenticate): AppMiddleware {
  return (ctx, next) => {
    const principal = authenticate(ctx.headers.authorization);
    if (principal === undefined) throw unauthenticated(ctx.headers.authorization);
    ctx.state.principal = principal;
    return next();
  };
}

/** Ways to write the header of one token: a client sticks to one, so this is plenty. */
const rememberedPerToken = 4;

/**
 * Returns the verifier with a memory of the headers that it has accepted, since koa-basic-auth makes eight HMACs for
 * each token and request. The memory is bounded, and compares in constant time what has the same length.
 */
export function rememberVerified(authenticate: Authenticate, tokens: number): Authenticate {
  const verified: { readonly header: string; readonly principal: Principal }[] = [];
  return (authorization) => {
    if (authorization === undefined) return undefined;
    for (const { header, principal } of verified)
      if (equalInConstantTime(header, authorization)) return principal;
    const principal = authenticate(authorization);
    if (principal !== undefined && verified.length < tokens * rememberedPerToken) {
      verified.push({ header: authorization, principal });
    }
    return principal;
  };
}

/** As `crypto.timingSafeEqual`, whose buffers would cost more than the comparison: every character is looked at. */
function equalInConstantTime(known: string, offered: string): boolean {
  if (known.length !== offered.length) return false;
  let difference = 0;
  for (let index = 0; index < known.length; index += 1)
    difference |= known.charCodeAt(index) ^ offered.charCodeAt(index);
  return difference === 0;
}

/**
 * Returns a verifier of Basic credentials over koa-basic-auth. That middleware stops at a wrong user without a look at
 * the password, and takes an empty user or password in its options as "any": so each half gets an instance of its own,
 * all are asked every time, and `config.ts` lets no empty half in. It compares in constant time.
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

/** koa-basic-auth reads one header of the context, and throws through it; its types want both halves, the code does not. */
function matcher(half: { name: string } | { pass: string }): (authorization: string | undefined) => boolean {
  const middleware = koaBasicAuth(half as { name: string; pass: string });
  return (authorization) => {
    let rejected = false;
    const ctx = { headers: { authorization }, throw: () => (rejected = true) };
    void middleware(ctx as unknown as Context, () => Promise.resolve());
    return !rejected;
  };
}
