import { ConfigError } from './errors.ts';

/** Everything that can be set from outside, validated. Times are in milliseconds. */
export interface Config {
  readonly host: string;
  readonly port: number;
  /** Whether other processes of this user may listen on the same port, each getting its share of the connections. */
  readonly reusePort: boolean;
  /** The unix socket on which to be judged, and to be told to open the port; undefined opens the port at once. */
  readonly controlSocket: string | undefined;
  /** The users who may call, and their passwords. */
  readonly accepted: readonly { readonly user: string; readonly password: string }[];
  readonly backend: 'aws' | 'embedded';
  readonly region: string;
  /** What one request may spend on AWS in all. */
  readonly deadlineMs: number;
  /** Until a connection to AWS must stand. */
  readonly connectTimeoutMs: number;
  /** Until AWS must have answered one attempt. */
  readonly answerTimeoutMs: number;
  /** How old a list may be that is served without a question to AWS; 0 asks every time. */
  readonly inventoryMaxAgeMs: number;
  /** How old a list may be that is served because AWS fails. */
  readonly inventoryMaxStaleMs: number;
  /** Calls a second that reads may spend on AWS in the long run. */
  readonly elbReadsPerSecond: number;
  readonly ec2ReadsPerSecond: number;
  /** Whether a detach may not take the last healthy member of a load balancer. */
  readonly protectLastInService: boolean;
  readonly docs: boolean;
  /** Log lines about requests a second; beyond it, successful reads are summed. */
  readonly logMaxPerSecond: number;
  readonly logLevel: (typeof logLevels)[number];
}

const logLevels = ['debug', 'info', 'warn', 'error', 'silent'] as const;

/** `sre:change-me`: the token of .env.example, valid against the embedded AWS alone. */
export const sampleToken = 'c3JlOmNoYW5nZS1tZQ==';

type Env = Readonly<Record<string, string | undefined>>;

/**
 * Returns the configuration that the environment asks for, frozen. An empty variable counts as unset. Throws one
 * ConfigError that names every fault. What can be set depends on the version of Node, as "24.1.0".
 */
export function readConfig(env: Env, nodeVersion: string): Config {
  const faults: string[] = [];
  const read = new Reader(env, faults);
  const backend = read.oneOf(
    'AWS_BACKEND',
    ['aws', 'embedded'],
    env['NODE_ENV'] === 'production' ? 'aws' : 'embedded',
  );
  const config: Config = Object.freeze({
    host: read.text('HOST', '0.0.0.0', /^[\w.:-]+$/, 'an address to listen on'),
    port: read.integer('PORT', 8000, 0, 65535),
    reusePort: readReusePort(read, nodeVersion, faults),
    controlSocket: env['CONTROL_SOCKET']
      ? read.text('CONTROL_SOCKET', '/run/elb-inventory/control.sock', /^\/.{1,99}$/, 'an absolute path')
      : undefined,
    accepted: readTokens(env['API_TOKEN'], backend, faults),
    backend,
    region: read.text('AWS_REGION', 'us-east-1', /^[a-z]{2,}(-[a-z]+)+-\d+$/, 'the name of a region'),
    deadlineMs: read.integer('AWS_DEADLINE_MS', 8000, 500, 55_000),
    connectTimeoutMs: read.integer('AWS_CONNECT_TIMEOUT_MS', 1000, 50, 55_000),
    answerTimeoutMs: read.integer('AWS_ANSWER_TIMEOUT_MS', 3000, 50, 55_000),
    inventoryMaxAgeMs: read.integer('INVENTORY_MAX_AGE_MS', 2000, 0, 60_000),
    inventoryMaxStaleMs: read.integer('INVENTORY_MAX_STALE_MS', 60_000, 0, 3_600_000),
    elbReadsPerSecond: read.integer('AWS_ELB_READS_PER_SECOND', 5, 1, 1000),
    ec2ReadsPerSecond: read.integer('AWS_EC2_READS_PER_SECOND', 10, 1, 1000),
    protectLastInService: read.oneOf('PROTECT_LAST_IN_SERVICE', ['true', 'false'], 'false') === 'true',
    docs: read.oneOf('DOCS', ['on', 'off'], 'on') === 'on',
    logMaxPerSecond: read.integer('LOG_MAX_PER_SECOND', 200, 0, 1_000_000),
    logLevel: read.oneOf('LOG_LEVEL', logLevels, 'info'),
  });
  checkEndpoint(env['AWS_ENDPOINT_URL'], faults);
  if (faults.length > 0) throw new ConfigError(faults);
  return config;
}

/** Node has `reusePort` since 23.1 (https://nodejs.org/api/net.html#serverlistenoptions-callback); older ones ignore it. */
function readReusePort(read: Reader, nodeVersion: string, faults: string[]): boolean {
  const reusePort = read.oneOf('REUSE_PORT', ['on', 'off'], 'off') === 'on';
  const [major = 0, minor = 0] = nodeVersion.split('.').map(Number);
  if (reusePort && (major < 23 || (major === 23 && minor < 1)))
    faults.push(
      `REUSE_PORT=on needs Node 23.1 or newer, and this is ${nodeVersion}: install Node 24 or set REUSE_PORT=off`,
    );
  return reusePort;
}

/** The SDK reads this variable by itself, but tells of a fault only at the first request. */
function checkEndpoint(url: string | undefined, faults: string[]): void {
  if (!url || (URL.canParse(url) && /^https?:$/.test(new URL(url).protocol))) return;
  faults.push(
    `AWS_ENDPOINT_URL must be an http or https URL without quotes, for example AWS_ENDPOINT_URL=http://localhost:5566; it is "${url}"`,
  );
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
    if (!pattern.test(value))
      this.#faults.push(`${name} must be ${what}, for example ${name}=${fallback}; it is "${value}"`);
    return value;
  }

  integer(name: string, fallback: number, least: number, most: number): number {
    const text = this.#env[name] || String(fallback);
    const value = /^\d{1,9}$/.test(text) ? Number(text) : NaN;
    if (value >= least && value <= most) return value;
    this.#faults.push(
      `${name} must be a whole number from ${least} to ${most}, for example ${name}=${fallback}; it is "${text}"`,
    );
    return fallback;
  }

  oneOf<T extends string>(name: string, values: readonly T[], fallback: T): T {
    const text = this.#env[name] || fallback;
    const value = values.find((candidate) => candidate === text);
    if (value !== undefined) return value;
    this.#faults.push(
      `${name} must be ${values.join(' or ')}, for example ${name}=${fallback}; it is "${text}"`,
    );
    return fallback;
  }
}

const howToMakeAToken = "make one with: printf '%s' 'user:password' | base64 | tr -d '\\n'";

/** Tokens are secrets: a fault names a token by its place, never by its text. */
function readTokens(
  text: string | undefined,
  backend: Config['backend'],
  faults: string[],
): Config['accepted'] {
  if (!text) {
    if (backend === 'embedded') return [decodeToken(sampleToken)];
    faults.push(
      `API_TOKEN is missing: set it to the base64 of user:password, for example API_TOKEN=${sampleToken}; ${howToMakeAToken}`,
    );
    return [];
  }
  if (/^\s*["']|["']\s*$/.test(text)) {
    faults.push(
      `API_TOKEN has quotes around it, which docker --env-file keeps as part of the value: write it without, for example API_TOKEN=${sampleToken}`,
    );
    return [];
  }
  return text.split(',').flatMap((raw, index, all) => {
    const token = raw.trim();
    const name = all.length === 1 ? 'API_TOKEN' : `API_TOKEN, token ${index + 1} of ${all.length},`;
    const credentials = decodeToken(token);
    const fault = faultOfToken(token, credentials, backend);
    if (fault !== undefined) faults.push(`${name} ${fault}`);
    return [credentials];
  });
}

function decodeToken(token: string): { user: string; password: string } {
  const text = Buffer.from(token, 'base64').toString('utf8');
  const colon = text.indexOf(':');
  return colon === -1
    ? { user: '', password: '' }
    : { user: text.slice(0, colon), password: text.slice(colon + 1) };
}

function faultOfToken(
  token: string,
  { user, password }: { user: string; password: string },
  backend: Config['backend'],
): string | undefined {
  const bytes = Buffer.from(token, 'base64');
  const canonical = bytes.toString('base64');
  const example = `for example ${sampleToken}; ${howToMakeAToken}`;
  if (token === '' || (token !== canonical && token !== canonical.replace(/=+$/, ''))) {
    return `is not base64 of user:password, ${example}`;
  }
  if (user === '' || password === '')
    return `is not base64 of a non-empty user, a colon and a non-empty password, ${example}`;
  const text = `${user}:${password}`;
  if (text.includes('\uFFFD')) return `is base64 of something that is not UTF-8, ${example}`;
  if (hasControlCharacter(text)) {
    return `has a line break or another control character in it, as "echo" without -n leaves one: ${howToMakeAToken}`;
  }
  if (backend === 'aws' && text === Buffer.from(sampleToken, 'base64').toString()) {
    return `is the public sample, which is refused with AWS_BACKEND=aws: ${howToMakeAToken}`;
  }
  return undefined;
}

function hasControlCharacter(text: string): boolean {
  // The two separators of lines are beyond basic-auth's pattern, too.
  return Array.from(text).some((character) => character < ' ' || '\u007F\u2028\u2029'.includes(character));
}
