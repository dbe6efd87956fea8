import type { CredentialSettings } from '../aws/credential-sources.ts';
import type { Credentials } from '../principals/principal.ts';
import { readMetricsTokens, readTokens, minSafePasswordBytes } from './api-tokens.ts';
import {
  credentialSettingsOf,
  faultsOfAwsSettings,
  faultsOfEndpoints,
  faultsOfKeyPair,
  type Env,
  type ReadFile,
} from './aws-settings.ts';
import { ConfigError } from '../errors.ts';
import { parseNetworks, privateNetworks } from './networks.ts';
import type { TracerOptions } from '../telemetry/tracer.ts';
import { ownNames, settingNames } from './setting-names.ts';
import { readTracing } from './tracing-settings.ts';

/** The validated settings. Times are in milliseconds. */
export interface Config {
  readonly host: string;
  readonly port: number;
  /** Whether other processes of this user may listen on the same port; the kernel distributes the connections. */
  readonly reusePort: boolean;
  /** The Unix socket on which to check the service before it opens the port; undefined opens the port at startup. */
  readonly controlSocket: string | undefined;
  /** The users that may call the API, and their passwords. */
  readonly accepted: readonly Credentials[];
  /** The users that may call GET /metrics only, and their passwords. */
  readonly acceptedScrapers: readonly Credentials[];
  /** The file that contains `accepted`; reloaded on SIGHUP. */
  readonly tokenFile: string | undefined;
  /** The networks of proxies whose X-Forwarded-For has the client's address, as `address/prefix`. */
  readonly trustedProxies: readonly string[];
  readonly backend: 'aws' | 'embedded';
  readonly region: string;
  /** The source of the region, for the log. */
  readonly regionFrom: string;
  readonly maxAttempts: number;
  /** A file of PEM certificates to trust for AWS instead of Node's own. */
  readonly caBundlePath: string | undefined;
  readonly credentialSettings: CredentialSettings;
  readonly credentialsTimeoutMs: number;
  /** The time limit for all AWS calls of one request. */
  readonly deadlineMs: number;
  readonly connectTimeoutMs: number;
  /** The timeout for the response to one attempt. */
  readonly answerTimeoutMs: number;
  /** The maximum age of a list that is served without a call to AWS; 0 calls AWS for each request. */
  readonly inventoryMaxAgeMs: number;
  /** The maximum age of a list that is served while AWS fails. */
  readonly inventoryMaxStaleMs: number;
  /** The sustained rate of read calls to AWS. */
  readonly elbReadsPerSecond: number;
  readonly ec2ReadsPerSecond: number;
  /** All load balancers (true), none (false), or those with these names. */
  readonly protectLastInService: boolean | readonly string[];
  readonly docs: boolean;
  /** Whether to redirect requests that a client sent to the load balancer over http. */
  readonly redirectHttp: boolean;
  readonly metrics: boolean;
  /** Where to send spans; undefined to record none. */
  readonly tracing: TracerOptions | undefined;
  /** The maximum rate of request log lines; further successful reads are logged as sums. */
  readonly logMaxPerSecond: number;
  readonly logLevel: (typeof logLevels)[number];
}

const logLevels = ['debug', 'info', 'warn', 'error', 'silent'] as const;

/** The inputs of the configuration other than the environment. */
export interface ConfigInputs {
  readonly readFile: ReadFile;
  /** The region of the active AWS profile; undefined if it has none. */
  readonly profileRegion?: string | undefined;
}

/**
 * Returns the frozen configuration for this environment and version of Node, such as "24.1.0". An empty variable counts
 * as unset, except API_TOKEN. Throws one ConfigError with every fault.
 */
export function readConfig(
  given: Env,
  nodeVersion: string,
  { readFile, profileRegion }: ConfigInputs = { readFile: () => '' },
): Config {
  const faults: string[] = [];
  const malformed = settingsWithExtraCharacters(given);
  for (const name of malformed)
    faults.push(
      `${name} has quotes, spaces, a comment or a line break in its value, which docker --env-file keeps: write ${name}=value on one line without them`,
    );
  const env = Object.fromEntries(Object.entries(given).filter(([name]) => !malformed.includes(name)));
  const read = new Reader(env, faults);
  const backend = read.oneOf(
    'AWS_BACKEND',
    ['aws', 'embedded'],
    env['NODE_ENV'] === 'production' ? 'aws' : 'embedded',
  );
  const accepted = malformed.some((name) => name.startsWith('API_TOKEN'))
    ? []
    : readTokens(env, backend, readFile, faults);
  const config: Config = Object.freeze({
    host: read.text('HOST', '0.0.0.0', /^[\w.:-]+$/, 'an address to listen on'),
    port: read.integer('PORT', 8000, 0, 65535),
    reusePort: readReusePort(read, nodeVersion, faults),
    controlSocket: env['CONTROL_SOCKET']
      ? read.text('CONTROL_SOCKET', '/run/elb-inventory/control.sock', /^\/.{1,99}$/, 'an absolute path')
      : undefined,
    accepted,
    acceptedScrapers: readMetricsTokens(env, accepted, backend, faults),
    tokenFile: env['API_TOKEN_FILE'] || undefined,
    trustedProxies: read.parsed(
      'TRUSTED_PROXIES',
      privateNetworks,
      parseNetworks,
      'none or networks such as 10.0.0.0/8, separated by commas',
    ),
    backend,
    ...readRegion(read, env, backend === 'aws' ? profileRegion : undefined, faults),
    maxAttempts: read.integer('AWS_MAX_ATTEMPTS', 3, 1, 10),
    caBundlePath: env['AWS_CA_BUNDLE'] || undefined,
    credentialSettings: credentialSettingsOf(env),
    credentialsTimeoutMs: read.integer('AWS_CREDENTIALS_TIMEOUT_MS', 15_000, 50, 600_000),
    deadlineMs: read.integer('AWS_DEADLINE_MS', 8000, 500, 55_000),
    connectTimeoutMs: read.integer('AWS_CONNECT_TIMEOUT_MS', 1000, 50, 55_000),
    answerTimeoutMs: read.integer('AWS_ANSWER_TIMEOUT_MS', 3000, 50, 55_000),
    inventoryMaxAgeMs: read.integer('INVENTORY_MAX_AGE_MS', 2000, 0, 60_000),
    inventoryMaxStaleMs: read.integer('INVENTORY_MAX_STALE_MS', 60_000, 0, 3_600_000),
    elbReadsPerSecond: read.integer('AWS_ELB_READS_PER_SECOND', 5, 1, 1000),
    ec2ReadsPerSecond: read.integer('AWS_EC2_READS_PER_SECOND', 10, 1, 1000),
    protectLastInService: readProtection(read, env),
    docs: read.oneOf('DOCS', ['on', 'off'], 'on') === 'on',
    redirectHttp: read.oneOf('REDIRECT_HTTP', ['on', 'off'], 'off') === 'on',
    metrics: read.oneOf('METRICS', ['on', 'off'], 'on') === 'on',
    tracing: readTracing(env, faults),
    logMaxPerSecond: read.integer('LOG_MAX_PER_SECOND', 200, 0, 1_000_000),
    logLevel: read.oneOf('LOG_LEVEL', logLevels, 'info'),
  });
  faults.push(...(backend === 'aws' ? faultsOfAwsSettings(env, readFile) : faultsOfEndpoints(env)));
  if (backend === 'aws') faults.push(...faultsOfKeyPair(given));
  if (faults.length > 0) throw new ConfigError(faults);
  return config;
}

/** Returns warnings about settings that are valid but unsafe, to log at each start. */
export function warningsOf({ accepted, acceptedScrapers, backend }: Config): string[] {
  if (backend === 'embedded') return [];
  return [...accepted, ...acceptedScrapers]
    .filter(({ password }) => Buffer.byteLength(password) < minSafePasswordBytes)
    .map(
      ({ user }) =>
        `the password of "${user}" is shorter than ${minSafePasswordBytes} bytes; make a longer one, for example with: openssl rand -hex 16`,
    );
}

/**
 * Returns the settings whose values are quoted, start or end with a space, or contain a comment or a line break. The
 * settings of the AWS SDK are checked with AWS_BACKEND=aws only.
 */
function settingsWithExtraCharacters(env: Env): string[] {
  const real = env['AWS_BACKEND'] === 'aws' || (!env['AWS_BACKEND'] && env['NODE_ENV'] === 'production');
  return (real ? settingNames : ownNames).filter((name) =>
    /^["'`\s]|["'`\s]$|\s#|[\r\n]/.test(env[name] ?? ''),
  );
}

/** Chooses the region as the AWS CLI does: https://docs.aws.amazon.com/cli/latest/userguide/cli-configure-envvars.html */
function readRegion(
  read: Reader,
  env: Env,
  profileRegion: string | undefined,
  faults: string[],
): Pick<Config, 'region' | 'regionFrom'> {
  const pattern = /^[a-z]{2,}(-[a-z]+)+-\d+$/;
  const name = ['AWS_REGION', 'AWS_DEFAULT_REGION'].find((candidate) => env[candidate]);
  if (name === undefined && profileRegion !== undefined) {
    if (!pattern.test(profileRegion))
      faults.push(
        `the region of the AWS profile is "${profileRegion}", which is not a region name such as us-east-1: correct it or set AWS_REGION`,
      );
    return { region: profileRegion, regionFrom: 'the AWS profile' };
  }
  return {
    region: read.text(name ?? 'AWS_REGION', 'us-east-1', pattern, 'a region name'),
    regionFrom: name ?? 'the default',
  };
}

/** Refuses other spellings of true and false, although they could be names of load balancers. */
function readProtection(read: Reader, env: Env): boolean | readonly string[] {
  const text = env['PROTECT_LAST_IN_SERVICE'] || 'false';
  if (text === 'true' || text === 'false') return text === 'true';
  const name = '(?!(?:true|false|on|off|yes|no|[01])(?: *,|$))(?!-)[a-z0-9-]{1,32}(?<!-)';
  const names = new RegExp(`^${name}(?: *, *${name})*$`, 'i');
  const what = 'true, false or names of load balancers, separated by commas';
  return read.text('PROTECT_LAST_IN_SERVICE', 'false', names, what).split(/ *, */);
}

/** Node.js before 23.1 ignores `reusePort` (https://nodejs.org/api/net.html#serverlistenoptions-callback). */
function readReusePort(read: Reader, nodeVersion: string, faults: string[]): boolean {
  const reusePort = read.oneOf('REUSE_PORT', ['on', 'off'], 'off') === 'on';
  const [major = 0, minor = 0] = nodeVersion.split('.').map(Number);
  if (reusePort && (major < 23 || (major === 23 && minor < 1)))
    faults.push(
      `REUSE_PORT=on requires Node 23.1 or later, but this is ${nodeVersion}: install Node 24 or set REUSE_PORT=off`,
    );
  return reusePort;
}

class Reader {
  readonly #env: Env;
  readonly #faults: string[];

  constructor(env: Env, faults: string[]) {
    this.#env = env;
    this.#faults = faults;
  }

  text(name: string, fallback: string, pattern: RegExp, what: string): string {
    const value = this.#env[name] || fallback;
    return pattern.test(value) ? value : this.#refuse(name, what, fallback);
  }

  /** `parse` returns undefined for an invalid value. */
  parsed<T>(name: string, fallback: string, parse: (text: string) => T | undefined, what: string): T {
    const value = parse(this.#env[name] || fallback) ?? parse(this.#refuse(name, what, fallback));
    if (value === undefined) throw new Error(`the default of ${name} is invalid`);
    return value;
  }

  integer(name: string, fallback: number, min: number, max: number): number {
    const text = this.#env[name] || String(fallback);
    const value = /^\d{1,9}$/.test(text) ? Number(text) : NaN;
    if (value >= min && value <= max) return value;
    return this.#refuse(name, `a whole number from ${min} to ${max}`, fallback);
  }

  oneOf<T extends string>(name: string, values: readonly T[], fallback: T): T {
    const text = this.#env[name] || fallback;
    return values.find((value) => value === text) ?? this.#refuse(name, values.join(' or '), fallback);
  }

  #refuse<T>(name: string, what: string, fallback: T): T {
    const given = this.#env[name] ?? '';
    this.#faults.push(`${name} must be ${what}, for example ${name}=${String(fallback)}; it is "${given}"`);
    return fallback;
  }
}
