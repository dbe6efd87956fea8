import type { Layer } from '@koa/router';
import { DomainError } from '../../errors.ts';
import type { AppMiddleware } from '../context.ts';

/** Ends what no route took: `method_not_allowed` where a route has the path, `route_not_found` elsewhere. */
export function unmatched(): AppMiddleware {
  return (ctx) => {
    const layers = (ctx['matched'] ?? []) as Layer[];
    const allow = [...new Set(layers.flatMap(({ methods }) => methods))].sort();
    if (allow.length === 0) {
      throw new DomainError('route_not_found', 'there is nothing at this path', {
        advice:
          'the paths are /healthcheck, /status, /elb, /elb/{elbName}, /elb/{elbName}/health and /elb/{elbName}/instances',
      });
    }
    throw new DomainError('method_not_allowed', `${ctx.method} is not allowed on this path`, {
      advice: `use ${allow.join(', ')}`,
      allow,
    });
  };
}
