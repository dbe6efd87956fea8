import { parseArgs } from 'node:util';

export const usage = `Usage: npm run capacity -- [options]

Measures how much the service takes. By default it starts the production build, an AWS in memory (40 ms a call, AWS's
rate limits) and two baselines on this machine.

  --quick            all scenarios in under 2 minutes
  --only A,B         these scenarios alone: NAMES
  --out FOLDER       where report.html and report.json go (default capacity)
  --compare FILE     an older report.json: shows both, and fails on a drop
  --tolerance SHARE  how much lower a figure may be than the older one (default 0.15)

A deployed service instead; it is only read, and gets at most 200 requests a second:

  --url URL          where it listens
  --token TOKEN      base64 of user:password (default: the environment's API_TOKEN)
  --elb NAME         the load balancer that is read (default default-elb)
  --max-rate N       requests a second at most (default 200)
  --yes              go beyond --max-rate, as fast as the service answers
  --writes           allow "mixed": it attaches and detaches --instance at --elb, and leaves it as it was
  --instance ID      the instance for --writes
  --help             show this
`;

/** A fault of the command line, in one sentence. */
export class UsageError extends Error {}

/** A deployed service, and what may be done to it. */
export interface Remote {
  readonly url: string;
  readonly authorization: string;
  readonly elb: string;
  /** Requests a second; undefined without a limit. */
  readonly maxRate: number | undefined;
  /** The instance that may be attached and detached; undefined where nothing may be changed. */
  readonly instance: string | undefined;
}

export interface Options {
  readonly quick: boolean;
  readonly only: readonly string[] | undefined;
  readonly out: string;
  readonly compare: string | undefined;
  readonly tolerance: number;
  readonly remote: Remote | undefined;
}

const text = { type: 'string' } as const;
const flag = { type: 'boolean' } as const;
const known = {
  ...{ quick: flag, only: text, out: text, compare: text, tolerance: text, help: flag },
  ...{ url: text, token: text, elb: text, 'max-rate': text, yes: flag, writes: flag, instance: text },
};
const ofRemote = ['token', 'elb', 'max-rate', 'yes', 'writes', 'instance'] as const;

/** Reads the command line. @throws UsageError */
export function readOptions(args: string[], names: readonly string[], apiToken?: string): Options | 'help' {
  const values = parse(args);
  if (values.help === true) return 'help';
  const only = values.only?.split(',').map((name) => name.trim());
  const unknown = only?.find((name) => !names.includes(name));
  if (unknown !== undefined)
    throw new UsageError(`There is no scenario "${unknown}": --only takes ${names.join(', ')}.`);
  return {
    quick: values.quick ?? false,
    only,
    out: values.out ?? 'capacity',
    compare: values.compare,
    tolerance: readShare(values.tolerance ?? '0.15'),
    remote: readRemote(values, apiToken),
  };
}

type Values = ReturnType<typeof parse>;

function parse(args: string[]) {
  try {
    return parseArgs({ args, options: known }).values;
  } catch (error) {
    throw new UsageError((error as Error).message.replaceAll('\n', ' ').replace(/\.?$/, '.'), {
      cause: error,
    });
  }
}

function readShare(given: string): number {
  const share = Number(given);
  if (given.trim() !== '' && share >= 0 && share < 1) return share;
  throw new UsageError(`--tolerance takes a share from 0 to below 1, such as 0.15, not "${given}".`);
}

function readRemote(values: Values, apiToken: string | undefined): Remote | undefined {
  if (values.url === undefined) {
    const stray = ofRemote.find((name) => values[name] !== undefined);
    if (stray !== undefined)
      throw new UsageError(`--${stray} is about a deployed service: give its --url too.`);
    return undefined;
  }
  const token = values.token ?? apiToken;
  if (token === undefined || token === '')
    throw new UsageError('--url needs --token, base64 of user:password, or API_TOKEN in the environment.');
  // Node's reader of base64 takes anything; what it makes of it has to be credentials.
  if (!Buffer.from(token, 'base64').toString().includes(':') || /[^A-Za-z0-9+/=]/.test(token))
    throw new UsageError("--token takes base64 of user:password: printf '%s' 'user:password' | base64.");
  if (values.writes === true && (values.elb === undefined || values.instance === undefined))
    throw new UsageError('--writes needs --elb NAME and --instance ID: what may be attached and detached.');
  if (values.instance !== undefined && values.writes !== true)
    throw new UsageError('--instance is attached and detached: that needs --writes too.');
  return {
    url: readUrl(values.url),
    authorization: `Basic ${token}`,
    elb: values.elb ?? 'default-elb',
    maxRate: values.yes === true ? undefined : readRate(values['max-rate'] ?? '200'),
    instance: values.instance,
  };
}

function readUrl(given: string): string {
  const url = URL.canParse(given) ? new URL(given) : undefined;
  if (
    url === undefined ||
    !['http:', 'https:'].includes(url.protocol) ||
    url.pathname !== '/' ||
    url.search !== ''
  )
    throw new UsageError(`--url takes an address such as http://default-elb-1.example.com, not "${given}".`);
  return url.origin;
}

function readRate(given: string): number {
  if (/^[1-9]\d{0,6}$/.test(given)) return Number(given);
  throw new UsageError(`--max-rate takes a whole number of requests a second from 1, not "${given}".`);
}
