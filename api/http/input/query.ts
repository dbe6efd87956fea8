import { DomainError } from '../../errors.ts';
import type { AwaitedState } from '../../load-balancers/health/awaited-instance.ts';
import type { AppContext } from '../context.ts';
import type { Parameter } from './parameters.ts';
import { shorten } from './shorten.ts';

/** This is less than the 60 s timeout of a Classic Load Balancer, which also includes the change before the wait. */
const maxWaitSeconds = 50;
const pageSize = { default: 100, max: 400 };

/** `allowQuery` has already rejected repeated parameters. */
type Query = Partial<Record<Parameter, string>>;

export interface ChangeQuery {
  readonly wait: AwaitedState | undefined;
  /** The time limit for the wait, in milliseconds from the arrival of the request. */
  readonly timeoutMs: number;
  readonly dryRun: boolean;
  readonly force: boolean;
}

export interface PageQuery {
  /** Returns true if the filter includes this name. */
  readonly includes: (name: string) => boolean;
  readonly limit: number;
  /** Whether to call AWS to get the health of the load balancers on the page. */
  readonly health: boolean;
  /** The page starts after this name. */
  readonly after: string;
  /** The query without its cursor, for the link to the next page. */
  readonly rest: Readonly<Record<string, string>>;
}

/**
 * Returns the options of a change. `awaited` is the value that `wait` accepts. Throws `wrong_parameter` if a value is
 * invalid.
 */
export function readChangeQuery(ctx: AppContext, awaited?: AwaitedState): ChangeQuery {
  const query = ctx.query as Query;
  const { wait, timeout } = query;
  if (wait !== undefined && wait !== awaited) throw wrong('wait', wait, `${awaited ?? ''} on ${ctx.method}`);
  const seconds =
    timeout === undefined ? maxWaitSeconds : integer('timeout', timeout, maxWaitSeconds, ' seconds');
  if (timeout !== undefined && wait === undefined)
    throw new DomainError('wrong_parameter', 'the query parameter timeout requires wait', {
      advice: `add wait=${awaited ?? ''} or remove timeout`,
    });
  return {
    wait: wait === undefined ? undefined : awaited,
    timeoutMs: seconds * 1000,
    dryRun: flag('dryRun', query.dryRun),
    force: flag('force', query.force),
  };
}

/** Returns the requested page of load balancers. Throws `wrong_parameter` if a value is invalid. */
export function readPageQuery(ctx: AppContext): PageQuery {
  const { name, limit, cursor, health } = ctx.query as Query;
  if (name !== undefined && !/^[A-Za-z0-9-]{0,32}\*?$/.test(name))
    throw wrong('name', name, 'a load balancer name, or a prefix followed by *');
  if (cursor !== undefined && !/^[A-Za-z0-9-]{1,32}$/.test(cursor))
    throw wrong('cursor', cursor, 'the cursor in the Link header of the previous page');
  const prefix = name?.endsWith('*') ? name.slice(0, -1) : undefined;
  return {
    includes: (candidate) =>
      name === undefined || (prefix === undefined ? candidate === name : candidate.startsWith(prefix)),
    limit: limit === undefined ? pageSize.default : integer('limit', limit, pageSize.max),
    health: flag('health', health),
    after: cursor ?? '',
    rest: {
      ...(name !== undefined && { name }),
      ...(limit !== undefined && { limit }),
      ...(health !== undefined && { health }),
    },
  };
}

function flag(parameter: Parameter, value: string | undefined): boolean {
  if (value === undefined || value === 'false') return false;
  if (value === 'true') return true;
  throw wrong(parameter, value, 'true or false');
}

function integer(parameter: Parameter, value: string, max: number, unit = ''): number {
  const number = /^\d{1,9}$/.test(value) ? Number(value) : NaN;
  if (number >= 1 && number <= max) return number;
  throw wrong(parameter, value, `a whole number from 1 to ${max}${unit}`);
}

function wrong(parameter: Parameter, value: string, accepted: string): DomainError {
  return new DomainError(
    'wrong_parameter',
    `the query parameter ${parameter} cannot be "${shorten(value)}"`,
    {
      advice: `it must be ${accepted}`,
    },
  );
}
