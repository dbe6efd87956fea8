import { DomainError } from '../../errors.ts';
import type { AwaitedState } from '../../load-balancers/health/health-waiter.ts';
import type { AppContext } from '../context.ts';
import type { Parameter } from './parameters.ts';
import { shorten } from './shorten.ts';

/** A classic ELB gives a request up after 60 s; the change before the wait takes some of them. */
const maxWaitSeconds = 50;
const pageSize = { default: 100, most: 400 };

/** `allowQuery` lets each parameter through once. */
type Query = Partial<Record<Parameter, string>>;

/** What the query asks of a change. */
export interface ChangeQuery {
  readonly wait: AwaitedState | undefined;
  /** How long to wait, in milliseconds from the request's arrival. */
  readonly timeoutMs: number;
  readonly dryRun: boolean;
  readonly force: boolean;
}

/** What the query asks of the list of load balancers. */
export interface PageQuery {
  /** Whether a name is wanted. */
  readonly fits: (name: string) => boolean;
  readonly limit: number;
  /** Whether AWS is to be asked for the health of the page's load balancers. */
  readonly health: boolean;
  /** The page begins after this name. */
  readonly after: string;
  /** The query without the cursor, for the link to the next page. */
  readonly rest: Readonly<Record<string, string>>;
}

/**
 * Returns what the query asks of a change; `awaited` is what can be waited for here. `allowQuery` has refused parameters that
 * the route does not take. Throws `wrong_parameter` for a value that a parameter does not take.
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

/** Returns what the query asks of the list of load balancers. Throws `wrong_parameter` as `readChangeQuery` does. */
export function readPageQuery(ctx: AppContext): PageQuery {
  const { name, limit, cursor, health } = ctx.query as Query;
  if (name !== undefined && !/^[A-Za-z0-9-]{0,32}\*?$/.test(name))
    throw wrong('name', name, 'a load balancer name, or a prefix followed by *');
  if (cursor !== undefined && !/^[A-Za-z0-9-]{1,32}$/.test(cursor))
    throw wrong('cursor', cursor, 'the cursor in the Link header of the previous page');
  const prefix = name?.endsWith('*') ? name.slice(0, -1) : undefined;
  return {
    fits: (candidate) =>
      name === undefined || (prefix === undefined ? candidate === name : candidate.startsWith(prefix)),
    limit: limit === undefined ? pageSize.default : integer('limit', limit, pageSize.most),
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

function integer(parameter: Parameter, value: string, most: number, unit = ''): number {
  const number = /^\d{1,9}$/.test(value) ? Number(value) : NaN;
  if (number >= 1 && number <= most) return number;
  throw wrong(parameter, value, `a whole number from 1 to ${most}${unit}`);
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
