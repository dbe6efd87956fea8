import { parseArgs, type ParseArgsConfig } from 'node:util';
import type { Target } from './load/request.ts';

export const benchUsage = `Usage: npm run bench -- [options]

Measures the figures that have targets, with the production build and the embedded AWS.

  --only A,B   run only these scenarios: NAMES
  --quick      run fewer rounds of the scenario "metrics"
  --json FILE  the file to which the figures are written (default bench.json)
  --help       show this help
`;

export const capacityUsage = `Usage: npm run capacity -- [options]

Measures how much load the service handles. By default it starts the production build, the embedded AWS (40 ms per call,
with AWS's rate limits) and two baselines on this machine.

  --quick            run all scenarios in less than 2 minutes
  --only A,B         run only these scenarios: NAMES
  --out FOLDER       the folder for report.html and report.json (default capacity)
  --compare FILE     compare with an older report.json; fails if a figure drops by more than --tolerance
  --tolerance SHARE  the largest drop that does not fail, as a fraction (default 0.15)

To measure a deployed service instead, with reads only and at most 200 requests per second:

  --url URL          the address of the service
  --token TOKEN      base64 of user:password (default: API_TOKEN in the environment)
  --elb NAME         the load balancer to read (default default-elb)
  --max-rate N       maximum requests per second (default 200)
  --yes              send requests without a maximum rate, as fast as the service responds
  --writes           allow "mixed", which attaches and detaches --instance at --elb and restores its state
  --instance ID      the instance for --writes
  --help             show this help
`;

/** The command line is invalid. The message is one sentence. */
export class UsageError extends Error {}

export interface BenchOptions {
  readonly quick: boolean;
  readonly only: readonly string[] | undefined;
  readonly json: string;
}

/** A deployed service, and the operations that are allowed on it. */
export interface Remote extends Target {
  readonly elb: string;
  /** The maximum number of requests per second; undefined without a limit. */
  readonly maxRate: number | undefined;
  /** The instance that may be attached and detached; undefined without --writes. */
  readonly instance: string | undefined;
}

export interface CapacityOptions {
  readonly quick: boolean;
  readonly only: readonly string[] | undefined;
  readonly out: string;
  readonly compare: string | undefined;
  readonly tolerance: number;
  readonly remote: Remote | undefined;
}

const text = { type: 'string' } as const;
const flag = { type: 'boolean' } as const;
const benchOptions = { only: text, quick: flag, json: text, help: flag };
const remoteOptions = {
  token: text,
  elb: text,
  'max-rate': text,
  yes: flag,
  writes: flag,
  instance: text,
};
const capacityOptions = {
  ...{ quick: flag, only: text, out: text, compare: text, tolerance: text, help: flag, url: text },
  ...remoteOptions,
};

/** Reads the command line of `npm run bench`. @throws UsageError */
export function readBenchOptions(args: string[], names: readonly string[]): BenchOptions | 'help' {
  const values = parse(args, benchOptions);
  if (values.help === true) return 'help';
  return {
    quick: values.quick ?? false,
    only: readNames(values.only, names),
    json: values.json ?? 'bench.json',
  };
}

/** Reads the command line of `npm run capacity`. @throws UsageError */
export function readCapacityOptions(
  args: string[],
  names: readonly string[],
  apiToken?: string,
): CapacityOptions | 'help' {
  const values = parse(args, capacityOptions);
  if (values.help === true) return 'help';
  return {
    quick: values.quick ?? false,
    only: readNames(values.only, names),
    out: values.out ?? 'capacity',
    compare: values.compare,
    tolerance: readShare(values.tolerance ?? '0.15'),
    remote: readRemote(values, apiToken),
  };
}

function parse<T extends NonNullable<ParseArgsConfig['options']>>(args: string[], options: T) {
  try {
    return parseArgs({ args, options }).values;
  } catch (error) {
    throw new UsageError((error as Error).message.replaceAll('\n', ' ').replace(/\.?$/, '.'), {
      cause: error,
    });
  }
}

type CapacityValues = ReturnType<typeof parse<typeof capacityOptions>>;

function readNames(only: string | undefined, names: readonly string[]): string[] | undefined {
  const chosen = only?.split(',').map((name) => name.trim());
  const unknown = chosen?.find((name) => !names.includes(name));
  if (unknown !== undefined)
    throw new UsageError(`There is no scenario "${unknown}"; --only accepts ${names.join(', ')}.`);
  return chosen;
}

function readShare(given: string): number {
  const share = Number(given);
  if (given.trim() !== '' && share >= 0 && share < 1) return share;
  throw new UsageError(`--tolerance must be a number from 0 to less than 1, such as 0.15, not "${given}".`);
}

function readRemote(values: CapacityValues, apiToken: string | undefined): Remote | undefined {
  if (values.url === undefined) {
    const stray = Object.keys(remoteOptions).find((name) => name in values);
    if (stray !== undefined)
      throw new UsageError(`--${stray} applies only to a deployed service; add --url.`);
    return undefined;
  }
  const token = values.token ?? apiToken;
  if (token === undefined || token === '')
    throw new UsageError(
      '--url requires --token (the base64 of user:password), or API_TOKEN in the environment.',
    );
  // The base64 decoder in Node.js accepts any text, so also check the decoded credentials.
  if (!Buffer.from(token, 'base64').toString().includes(':') || /[^A-Za-z0-9+/=]/.test(token))
    throw new UsageError("--token takes base64 of user:password: printf '%s' 'user:password' | base64.");
  if (values.writes === true && (values.elb === undefined || values.instance === undefined))
    throw new UsageError(
      '--writes requires --elb NAME and --instance ID, to attach and detach the instance.',
    );
  if (values.instance !== undefined && values.writes !== true)
    throw new UsageError('--instance requires --writes, which attaches and detaches the instance.');
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
    throw new UsageError(
      `--url must be an address such as http://default-elb-1.example.com, not "${given}".`,
    );
  return url.origin;
}

function readRate(given: string): number {
  if (/^[1-9]\d{0,6}$/.test(given)) return Number(given);
  throw new UsageError(
    `--max-rate must be a whole number of requests per second, 1 or more, not "${given}".`,
  );
}
