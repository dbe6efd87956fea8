import { homedir } from 'node:os';
import { join } from 'node:path';
import type { CredentialSettings } from '../aws/credential-sources.ts';

/** Returns the text of a file. Throws the errors of node:fs. */
export type ReadFile = (path: string) => string;

export type Env = Readonly<Record<string, string | undefined>>;

const secrets = ['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY', 'AWS_SESSION_TOKEN'];
const endpoints = ['AWS_ENDPOINT_URL', 'AWS_ENDPOINT_URL_ELASTIC_LOAD_BALANCING', 'AWS_ENDPOINT_URL_EC2'];
const booleans = [
  'AWS_USE_FIPS_ENDPOINT',
  'AWS_USE_DUALSTACK_ENDPOINT',
  'AWS_IGNORE_CONFIGURED_ENDPOINT_URLS',
];
const urls = [...endpoints, 'AWS_EC2_METADATA_SERVICE_ENDPOINT', 'AWS_CONTAINER_CREDENTIALS_FULL_URI'];
const proxies = ['HTTPS_PROXY', 'HTTP_PROXY', 'https_proxy', 'http_proxy'];
const files = ['AWS_CA_BUNDLE', 'AWS_CONFIG_FILE', 'AWS_SHARED_CREDENTIALS_FILE'];
/** The choices are from https://docs.aws.amazon.com/sdkref/latest/guide/settings-reference.html. */
const choices: Readonly<Record<string, readonly string[]>> = {
  AWS_RETRY_MODE: ['standard', 'adaptive', 'legacy'],
  AWS_DEFAULTS_MODE: ['legacy', 'standard', 'in-region', 'cross-region', 'mobile', 'auto'],
  AWS_ACCOUNT_ID_ENDPOINT_MODE: ['preferred', 'disabled', 'required'],
  AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE: ['IPv4', 'IPv6'],
};

const oneOf = (name: string): readonly string[] => choices[name] ?? ['true', 'false'];

/** Returns the errors in the endpoint variables that the AWS SDK reads. */
export function faultsOfEndpoints(env: Env): string[] {
  return invalidValues(
    env,
    urls,
    isHttpUrl,
    (name) => `an http or https URL without quotes, for example ${name}=http://localhost:5566`,
  );
}

/**
 * Returns the errors in the environment variables that the AWS SDK reads. The SDK would report them only at the first
 * request. The errors contain no secrets.
 */
export function faultsOfAwsSettings(env: Env, readFile: ReadFile): string[] {
  return [
    ...faultsOfEndpoints(env),
    ...invalidValues(
      env,
      proxies,
      // Like curl, this accepts a proxy without a scheme.
      (value) => isHttpUrl(value.includes('://') ? value : `http://${value}`),
      (name) => `an http or https URL, for example ${name}=http://proxy.internal:3128`,
    ),
    ...invalidValues(
      env,
      [...booleans, ...Object.keys(choices)],
      (value, name) => oneOf(name).includes(value),
      (name) => `${oneOf(name).join(' or ')}, for example ${name}=${oneOf(name)[0] ?? ''}`,
    ),
    ...faultsOfKeys(env),
    ...files.flatMap((name) => faultOfFile(name, env[name], readFile)),
    ...contradictions(env),
  ];
}

/** Returns the settings for the credential chain. The endpoint does not contain the user, password or query. */
export function credentialSettingsOf(env: Env): CredentialSettings {
  const home = env['HOME'] || homedir();
  const relative = env['AWS_CONTAINER_CREDENTIALS_RELATIVE_URI'];
  const endpoint = relative ? `http://169.254.170.2${relative}` : env['AWS_CONTAINER_CREDENTIALS_FULL_URI'];
  return {
    profile: env['AWS_PROFILE'] || undefined,
    files: [
      env['AWS_CONFIG_FILE'] || join(home, '.aws', 'config'),
      env['AWS_SHARED_CREDENTIALS_FILE'] || join(home, '.aws', 'credentials'),
    ],
    hasKeys: Boolean(env['AWS_ACCESS_KEY_ID'] && env['AWS_SECRET_ACCESS_KEY']),
    hasToken: Boolean(env['AWS_WEB_IDENTITY_TOKEN_FILE']),
    endpoint: endpoint ? maskUrl(endpoint).replace(/\?.*/, '') : undefined,
  };
}

function invalidValues(
  env: Env,
  names: readonly string[],
  isValid: (value: string, name: string) => boolean,
  mustBe: (name: string) => string,
): string[] {
  return names.flatMap((name) => {
    const value = env[name];
    return !value || isValid(value, name)
      ? []
      : [`${name} must be ${mustBe(name)}; it is "${maskUrl(value)}"`];
  });
}

function faultsOfKeys(env: Env): string[] {
  return secrets
    .filter((name) => env[name] && !/^[\x21-\x7e]+$/.test(env[name]))
    .map(
      (name) =>
        `${name} contains a space, a line break or a non-ASCII character: write it on one line, as AWS issued it`,
    );
}

/** Returns an error if only one of the two keys is set. `env` includes the variables that have errors. */
export function faultsOfKeyPair(env: Env): string[] {
  if (!env['AWS_ACCESS_KEY_ID'] === !env['AWS_SECRET_ACCESS_KEY']) return [];
  return [
    'AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY must be set together, but only one is set: set both or neither',
  ];
}

function faultOfFile(name: string, path: string | undefined, readFile: ReadFile): string[] {
  try {
    if (path) readFile(path);
    return [];
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    return [
      `${name}=${path ?? ''} cannot be read (${code ?? 'unknown error'}): set it to a file that this user can read, or unset ${name}`,
    ];
  }
}

/** The SDK does not support a custom endpoint together with FIPS or dual-stack endpoints. */
function contradictions(env: Env): string[] {
  if (env['AWS_IGNORE_CONFIGURED_ENDPOINT_URLS'] === 'true') return [];
  const endpoint = endpoints.find((name) => env[name]);
  return ['AWS_USE_FIPS_ENDPOINT', 'AWS_USE_DUALSTACK_ENDPOINT']
    .filter((name) => endpoint !== undefined && env[name] === 'true')
    .map((name) => `${name}=true cannot be combined with ${endpoint ?? ''}: unset one of them`);
}

function isHttpUrl(value: string): boolean {
  return URL.canParse(value) && /^https?:\/\//i.test(value) && !/["'`\s]/.test(value);
}

/**
 * Returns the URL with its user and password masked, even if an unescaped / or # in the password makes the URL invalid.
 */
export function maskUrl(url: string): string {
  return url.replace(/^([a-z][a-z0-9+.-]*:\/\/)?.*@/is, '$1***@');
}
