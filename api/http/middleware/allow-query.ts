import { DomainError } from '../../errors.ts';
import type { AppMiddleware } from '../context.ts';
import { nearest, type Parameter, parameterLike } from '../input/parameters.ts';
import { shorten } from '../input/shorten.ts';

/**
 * Accepts these query parameters, each at most once. Throws `wrong_parameter` for any other parameter: a request with
 * `dryrun=true` must not make the change, and a request with `region=` must not return the list of another region.
 */
export function allowQuery(...allowed: readonly Parameter[]): AppMiddleware {
  const all = `this operation accepts ${allowed.length === 0 ? 'no query parameters' : allowed.join(', ')}`;
  return (ctx, next) => {
    for (const [name, value] of Object.entries(ctx.query)) {
      const parameter = parameterLike(name);
      if (parameter !== name) {
        const suggestion = nearest(name, allowed);
        const advice = suggestion === undefined ? all : `did you mean ${suggestion}? ${all}`;
        throw wrong(`${shorten(name) || '""'} is unknown`, advice);
      }
      if (!allowed.includes(parameter)) throw wrong(`${parameter} is not accepted here`, all);
      if (typeof value !== 'string') throw wrong(`${parameter} appears twice`, 'send it once');
    }
    return next();
  };
}

function wrong(problem: string, advice: string): DomainError {
  return new DomainError('wrong_parameter', `the query parameter ${problem}`, { advice });
}
