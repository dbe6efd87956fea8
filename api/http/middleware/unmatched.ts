import type { Layer, Router } from '@koa/router';
import { DomainError } from '../../errors.ts';
import type { AppMiddleware } from '../context.ts';

/**
 * Throws `method_not_allowed` if the path of the request matches a route; otherwise throws `route_not_found` with the
 * paths of the routers.
 */
export function unmatched(...routers: readonly Router[]): AppMiddleware {
  const advice = `the paths are ${pathsOf(routers)}`;
  return (ctx) => {
    const layers = (ctx['matched'] ?? []) as Layer[];
    const allow = [...new Set(layers.flatMap(({ methods }) => methods))].sort();
    if (allow.length === 0) {
      throw new DomainError('route_not_found', 'no resource exists at this path', { advice });
    }
    throw new DomainError('method_not_allowed', `${ctx.method} is not allowed on this path`, {
      advice: `use ${allow.join(', ')}`,
      allow,
    });
  };
}

/** Returns the paths in route order, without duplicates and without the files of /docs, in the notation of swagger.yaml. */
function pathsOf(routers: readonly Router[]): string {
  const paths = routers.flatMap(({ stack }) =>
    stack.flatMap(({ path, methods }) => (methods.length === 0 ? [] : String(path))),
  );
  const written = [...new Set(paths.filter((path) => !path.startsWith('/docs/')))].map((path) =>
    path.replaceAll(/:(\w+)/g, '{$1}'),
  );
  return new Intl.ListFormat('en-GB').format(written);
}
