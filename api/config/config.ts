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
  /** Whether other processes of this user may listen on the same port. The kernel distributes the connections. */
  readonly reusePort: boolean;
  /** The Unix socket for checks before the port is opened. If undefined, the port is opened at startup. */
  readonly controlSocket: string | undefined;
  /** The users who may call the API, and their passwords. */
  readonly accepted: readonly Credentials[];
  /** The users who may call only GET /metrics, and their passwords. */
  readonly acceptedScrapers: readonly Credentials[];
  /** The file that contains `accepted`; reloaded on SIGHUP. */
  readonly tokenFile: string | undefined;
  /** The networks of trusted proxies, as `address/prefix`. Their X-Forwarded-For headers contain the client address. */
  readonly trustedProxies: readonly string[];
  readonly backend: 'aws' | 'embedded';
  readonly region: string;
  /** The setting or file from which the region was read, for the log. */
  readonly regionFrom: string;
  readonly maxAttempts: number;
  /** A file of PEM certificates to trust for AWS calls instead of the certificates in Node.js. */
  readonly caBundlePath: string | undefined;
  readonly credentialSettings: CredentialSettings;
  readonly credentialsTimeoutMs: number;
  /** The time limit for all AWS calls of one request. */
  readonly deadlineMs: number;
  readonly connectTimeoutMs: number;
  /** The timeout for the response to one attempt. */
  readonly answerTimeoutMs: number;
  /** The maximum age of a list that is returned without a call to AWS. With 0, every request calls AWS. */
  readonly inventoryMaxAgeMs: number;
  /** The maximum age of a list that is returned while calls to AWS fail. */
  readonly inventoryMaxStaleMs: number;
  /** The sustained rate of AWS read calls. */
  readonly elbReadsPerSecond: number;
  readonly ec2ReadsPerSecond: number;
  /** All load balancers (true), none (false), or the load balancers with these names. */
  readonly protectLastInService: boolean | readonly string[];
  readonly docs: boolean;
  /** Whether to redirect requests that reached the load balancer over HTTP. */
  readonly redirectHttp: boolean;
  readonly metrics: boolean;
  /** The endpoint to which spans are sent. If undefined, no spans are recorded. */
  readonly tracing: TracerOptions | undefined;
  /** The maximum number of request log lines per second. Additional successful reads are summarized. */
  readonly logMaxPerSecond: number;
  readonly logLevel: (typeof logLevels)[number];
  /** The maximum numbers in progress: requests, changes among them, and requests with `wait` among them. */
  readonly maxInFlight: number;
  readonly maxChanges: number;
  readonly maxWaiters: number;
}

const logLevels = ['debug', 'info', 'warn', 'error', 'silent'] as const;

/** The inputs of the configuration in addition to the environment. */
export interface ConfigInputs {
  readonly readFile: ReadFile;
  /** The region of the active AWS profile; undefined if the profile does not set one. */
  readonly profileRegion?: string | undefined;
}

/**
 * Returns the frozen configuration for this environment and this Node.js version, such as "24.1.0". Treats an empty
 * variable as unset, except for API_TOKEN. Throws a ConfigError that lists every error.
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
      `${name} contains quotes, spaces, a comment or a line break, which docker --env-file includes in the value: write ${name}=value on one line without them`,
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
      'none or a comma-separated list of networks such as 10.0.0.0/8',
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
    maxInFlight: read.integer('MAX_IN_FLIGHT', 2000, 1, 1_000_000),
    maxChanges: read.integer('MAX_CHANGES', 500, 1, 1_000_000),
    maxWaiters: read.integer('MAX_WAITERS', 500, 1, 1_000_000),
  });
  faults.push(...(backend === 'aws' ? faultsOfAwsSettings(env, readFile) : faultsOfEndpoints(env)));
  if (backend === 'aws') faults.push(...faultsOfKeyPair(given));
  if (faults.length > 0) throw new ConfigError(faults);
  return config;
}

/** Returns warnings about settings that are valid but unsafe. They are logged at each startup. */
export function warningsOf({ accepted, acceptedScrapers, backend }: Config): string[] {
  if (backend === 'embedded') return [];
  return [...accepted, ...acceptedScrapers]
    .filter(({ password }) => Buffer.byteLength(password) < minSafePasswordBytes)
    .map(
      ({ user }) =>
        `the password of "${user}" is shorter than ${minSafePasswordBytes} bytes; use a longer one, for example the output of: openssl rand -hex 16`,
    );
}

/**
 * Returns the settings whose values are quoted, start or end with a space, or contain a comment or a line break. Checks
 * the settings of the AWS SDK only with AWS_BACKEND=aws.
 */
function settingsWithExtraCharacters(env: Env): string[] {
  const real = env['AWS_BACKEND'] === 'aws' || (!env['AWS_BACKEND'] && env['NODE_ENV'] === 'production');
  return (real ? settingNames : ownNames).filter((name) =>
    /^["'`\s]|["'`\s]$|\s#|[\r\n]/.test(env[name] ?? ''),
  );
}

/**
 * Chooses the region in the same order as the AWS CLI:
 * https://docs.aws.amazon.com/cli/latest/userguide/cli-configure-envvars.html
 */
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

/** Rejects other spellings of true and false, although they could be load balancer names. */
function readProtection(read: Reader, env: Env): boolean | readonly string[] {
  const text = env['PROTECT_LAST_IN_SERVICE'] || 'false';
  if (text === 'true' || text === 'false') return text === 'true';
  const name = '(?!(?:true|false|on|off|yes|no|[01])(?: *,|$))(?!-)[a-z0-9-]{1,32}(?<!-)';
  const names = new RegExp(`^${name}(?: *, *${name})*$`, 'i');
  const what = 'true, false or a comma-separated list of load balancer names';
  return read.text('PROTECT_LAST_IN_SERVICE', 'false', names, what).split(/ *, */);
}

/** Node.js before 23.1 ignores `reusePort` (https://nodejs.org/api/net.html#serverlistenoptions-callback). */
function readReusePort(read: Reader, nodeVersion: string, faults: string[]): boolean {
  const reusePort = read.oneOf('REUSE_PORT', ['on', 'off'], 'off') === 'on';
  const [major = 0, minor = 0] = nodeVersion.split('.').map(Number);
  if (reusePort && (major < 23 || (major === 23 && minor < 1)))
    faults.push(
      `REUSE_PORT=on requires Node.js 23.1 or newer, but this is ${nodeVersion}: install Node 24 or set REUSE_PORT=off`,
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

  /** `parse` returns undefined if the value is invalid. */
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
