import { DomainError } from '../errors.ts';
import type { Wish } from '../load-balancers/waiting.ts';
import type { AppContext } from './context.ts';

/** A classic ELB gives a request up after 60 s; the change before the wait takes some of them. */
const longestWaitSeconds = 50;
const pageSize = { default: 100, most: 400 };

const parameters = ['cursor', 'dryRun', 'force', 'limit', 'name', 'timeout', 'wait'] as const;
type Parameter = (typeof parameters)[number];

/** What the query asks of a change. */
export interface ChangeQuery {
  readonly wait: Wish | undefined;
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
  /** The page begins after this name. */
  readonly after: string;
  /** The query without the cursor, for the link to the next page. */
  readonly rest: Readonly<Record<string, string>>;
}

/**
 * Returns what the query asks of a change; `wish` is what can be waited for here. Throws `wrong_parameter` for a
 * value that it does not take, and for a parameter that is not known or taken elsewhere: whoever writes `dryrun=true` or
 * `drRun=true` must not have the change made.
 */
export function readChangeQuery(
  ctx: AppContext,
  { wish, mayForce = false }: { wish?: Wish; mayForce?: boolean },
): ChangeQuery {
  const takes: Parameter[] = ['dryRun'];
  if (mayForce) takes.push('force');
  if (wish !== undefined) takes.push('wait', 'timeout');
  // A client may send the instance's id in the query beside the body, where only one can be meant.
  const query = readQuery(ctx, takes, wish === undefined ? [] : ['instanceId']);
  const { wait, timeout } = query;
  if (wait !== undefined && wait !== wish) throw wrong('wait', wait, `takes ${wish ?? ''} on ${ctx.method}`);
  const seconds =
    timeout === undefined ? longestWaitSeconds : integer('timeout', timeout, longestWaitSeconds, ' seconds');
  if (timeout !== undefined && wait === undefined)
    throw new DomainError('wrong_parameter', 'the query parameter timeout is there without wait', {
      advice: `add wait=${wish ?? ''}, or leave it out`,
    });
  return {
    wait: wait === undefined ? undefined : wish,
    timeoutMs: seconds * 1000,
    dryRun: flag('dryRun', query.dryRun),
    force: flag('force', query.force),
  };
}

/** Returns what the query asks of the list of load balancers. Throws `wrong_parameter` as `readChangeQuery` does. */
export function readPageQuery(ctx: AppContext): PageQuery {
  const { name, limit, cursor } = readQuery(ctx, ['name', 'limit', 'cursor']);
  if (name !== undefined && !/^[A-Za-z0-9-]{0,32}\*?$/.test(name))
    throw wrong('name', name, 'takes the name of a load balancer, or how it begins and a *');
  if (cursor !== undefined && !/^[A-Za-z0-9-]{1,32}$/.test(cursor))
    throw wrong('cursor', cursor, 'takes what the Link of the page before has');
  const prefix = name?.endsWith('*') ? name.slice(0, -1) : undefined;
  return {
    fits: (candidate) =>
      name === undefined || (prefix === undefined ? candidate === name : candidate.startsWith(prefix)),
    limit: limit === undefined ? pageSize.default : integer('limit', limit, pageSize.most),
    after: cursor ?? '',
    rest: { ...(name !== undefined && { name }), ...(limit !== undefined && { limit }) },
  };
}

/** Returns the parameters that the query has, each once; `elsewhere` are read by others. */
function readQuery(
  ctx: AppContext,
  takes: readonly Parameter[],
  elsewhere: readonly string[] = [],
): Partial<Record<Parameter, string>> {
  const query: Partial<Record<Parameter, string>> = {};
  for (const [key, value] of Object.entries(ctx.query)) {
    if (elsewhere.includes(key)) continue;
    const parameter = parameters.find(
      (known) => known.toLowerCase() === key.toLowerCase().replace(/[-_]/g, ''),
    );
    if (parameter !== key)
      throw new DomainError('wrong_parameter', `the query parameter ${shorten(key)} is not known`, {
        advice: parameter === undefined ? `this takes ${takes.join(', ')}` : `it is written ${parameter}`,
      });
    if (!takes.includes(parameter))
      throw new DomainError('wrong_parameter', `the query parameter ${parameter} is not taken here`, {
        advice: `this takes ${takes.join(', ')}`,
      });
    if (typeof value !== 'string')
      throw new DomainError('wrong_parameter', `the query parameter ${parameter} is there twice`, {
        advice: 'send it once',
      });
    query[parameter] = value;
  }
  return query;
}

function flag(parameter: Parameter, value: string | undefined): boolean {
  if (value === undefined || value === 'false') return false;
  if (value === 'true') return true;
  throw wrong(parameter, value, 'takes true or false');
}

function integer(parameter: Parameter, value: string, most: number, unit = ''): number {
  const number = /^\d{1,9}$/.test(value) ? Number(value) : NaN;
  if (number >= 1 && number <= most) return number;
  throw wrong(parameter, value, `takes a whole number from 1 to ${most}${unit}`);
}

function wrong(parameter: Parameter, value: string, takes: string): DomainError {
  return new DomainError(
    'wrong_parameter',
    `the query parameter ${parameter} cannot be "${shorten(value)}"`,
    {
      advice: `it ${takes}`,
    },
  );
}

function shorten(text: string): string {
  return text.length > 64 ? `${text.slice(0, 64)}…` : text;
}
