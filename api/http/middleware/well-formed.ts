import type { AppMiddleware } from '../context.ts';
import { malformation, malformed } from '../input/well-formed.ts';

/** Rejects malformed requests that the Node.js parser accepts. Throws `malformed_request`. */
export function wellFormed(): AppMiddleware {
  return (ctx, next) => {
    const fault = malformation(ctx.req);
    if (fault !== undefined) throw fault;
    try {
      Reflect.get(ctx, 'path');
    } catch (cause) {
      throw malformed('the request target is not a URL', 'check its spelling', cause);
    }
    return next();
  };
}
