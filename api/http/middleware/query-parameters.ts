import { DomainError } from '../../errors.ts';
import type { AppMiddleware } from '../context.ts';
import { nearest, type Parameter, parameterLike } from '../input/parameters.ts';
import { shorten } from '../input/shorten.ts';

/**
 * Declares the query parameters of a route, and refuses any other, and one that is there twice: a request with
 * `dryrun=true` must not make the change, and one with `region=` must not get the list of another region. Throws
 * `wrong_parameter`.
 */
export function takes(...taken: readonly Parameter[]): AppMiddleware {
  const all = `this takes ${taken.length === 0 ? 'no query parameters' : taken.join(', ')}`;
  return (ctx, next) => {
    for (const [name, value] of Object.entries(ctx.query)) {
      const parameter = parameterLike(name);
      if (parameter !== name) throw notKnown(name, parameter, taken, all);
      if (!taken.includes(parameter)) throw wrong(`the query parameter ${parameter} is not taken here`, all);
      if (typeof value !== 'string')
        throw wrong(`the query parameter ${parameter} is there twice`, 'send it once');
    }
    return next();
  };
}

function notKnown(
  name: string,
  spelt: Parameter | undefined,
  taken: readonly Parameter[],
  all: string,
): DomainError {
  const problem = `the query parameter ${shorten(name) || '""'} is not known`;
  if (spelt !== undefined && taken.includes(spelt)) return wrong(problem, `it is written ${spelt}`);
  const suggested = nearest(name, taken);
  return wrong(problem, suggested === undefined ? all : `did you mean ${suggested}? ${all}`);
}

function wrong(problem: string, advice: string): DomainError {
  return new DomainError('wrong_parameter', problem, { advice });
}
