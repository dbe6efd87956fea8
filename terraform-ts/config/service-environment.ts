import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import type { EnvironmentReader } from './environment';

/** The settings of the service that ENVIRONMENT may contain. A test compares them with the list in the service. */
export const passedOn = [
  'AWS_ANSWER_TIMEOUT_MS',
  'AWS_CONNECT_TIMEOUT_MS',
  'AWS_CREDENTIALS_TIMEOUT_MS',
  'AWS_DEADLINE_MS',
  'AWS_EC2_READS_PER_SECOND',
  'AWS_ELB_READS_PER_SECOND',
  'AWS_MAX_ATTEMPTS',
  'DOCS',
  'INVENTORY_MAX_AGE_MS',
  'INVENTORY_MAX_STALE_MS',
  'LOG_LEVEL',
  'LOG_MAX_PER_SECOND',
  'MAX_CHANGES',
  'MAX_IN_FLIGHT',
  'MAX_WAITERS',
  'METRICS',
  'OTEL_EXPORTER_OTLP_ENDPOINT',
  'OTEL_SERVICE_NAME',
  'OTEL_TRACES_SAMPLER_ARG',
  'PROTECT_LAST_IN_SERVICE',
  'TRUSTED_PROXIES',
];

const setByHost = 'is not allowed: the host sets it; remove it';
const setByBuilder = 'is not allowed: scripts/builder.sh sets it; remove it';
const regionIsSet = 'is not allowed: the region is AWS_REGION of this configuration; remove it';
const neededByElb = 'is not allowed: the ELB needs the default; remove it';
const secret =
  'is a secret, and user data is not confidential; store it in the SSM parameter that API_TOKEN_PARAMETER names';
/** The other settings of the service, and the reasons why ENVIRONMENT must not contain them. */
export const refused: Readonly<Record<string, string>> = {
  API_TOKEN: secret,
  API_TOKEN_FILE: secret,
  AWS_BACKEND: setByHost,
  AWS_DEFAULT_REGION: regionIsSet,
  AWS_REGION: regionIsSet,
  CONTROL_SOCKET: setByBuilder,
  METRICS_TOKEN:
    'is a secret, and user data is not confidential; store it in the SSM parameter that METRICS_TOKEN_PARAMETER names',
  HOST: neededByElb,
  NODE_ENV: 'is not allowed: the image sets it; remove it',
  OTEL_EXPORTER_OTLP_HEADERS:
    'is a secret, and user data is not confidential; send traces to a collector without credentials',
  PORT: neededByElb,
  REDIRECT_HTTP: 'is not allowed: HTTP=redirect sets it; remove it',
  REUSE_PORT: setByBuilder,
};

const looksSecret = /TOKEN|SECRET|PASSWORD|CREDENTIAL|KEY|_DSN$|_URL$/i;

/**
 * Returns the settings of the service in ENVIRONMENT. By default, the service protects the last host of its own ELB.
 * The errors contain only names, because a value could be a secret.
 */
export function readServiceEnvironment(
  read: EnvironmentReader,
  elbName: string,
): Readonly<Record<string, string>> {
  const environment: Record<string, string> = { PROTECT_LAST_IN_SERVICE: elbName };
  const seen = new Set<string>();
  for (const entry of (read.optional('ENVIRONMENT', /^/, '') ?? '').split(/\s+/).filter(Boolean)) {
    const [, known = '', value = ''] = /^([A-Z][A-Z0-9_]*)(?:=(.*))?$/.exec(entry) ?? [];
    const name = known !== '' && (entry.includes('=') || isSetting(known)) ? known : 'an entry';
    const fault = seen.has(name) ? 'is listed twice' : faultOf(name, value);
    if (fault !== undefined) read.fault('ENVIRONMENT', `${name} ${fault}`);
    seen.add(name);
    environment[name] = value;
  }
  if (!read.faults.some((fault) => /^(ENVIRONMENT|ELB_NAME):/.test(fault)))
    for (const fault of faultsOfService(environment)) read.fault('ENVIRONMENT', fault);
  return environment;
}

function isSetting(name: string): boolean {
  return passedOn.includes(name) || name in refused;
}

const service = join(__dirname, '../../api/config/config.ts');

/**
 * Returns the errors that the service in this clone finds in these settings. Returns none in a copy of this package
 * without the service.
 */
function faultsOfService(environment: Readonly<Record<string, string>>): string[] {
  if (!existsSync(service)) return [];
  const { readConfig } = createRequire(__filename)(service) as {
    readConfig: (env: object, nodeVersion: string) => unknown;
  };
  try {
    readConfig({ ...environment, AWS_BACKEND: 'aws' }, process.versions.node);
  } catch (error) {
    const { faults = [] } = error as { faults?: readonly string[] };
    // The other errors are about settings that are set on the host.
    return faults
      .filter((fault) => (fault.split(' ', 1)[0] ?? '') in environment)
      .map((fault) => fault.replace(/; it is ".*/s, ''));
  }
  return [];
}

function faultOf(name: string, value: string): string | undefined {
  const reason = refused[name];
  if (reason !== undefined) return reason;
  if (!passedOn.includes(name))
    return looksSecret.test(name)
      ? 'looks like a secret, and user data is not confidential; store it in an SSM parameter'
      : `is not a setting of the service; write NAME=value, separated by spaces, with the names ${passedOn.join(', ')}`;
  if (value === '') return 'has no value; write NAME=value, or remove it';
  return /^[\w,.:/-]+$/.test(value)
    ? undefined
    : 'has a value with characters other than letters, digits and , . : / _ -; docker --env-file keeps quotes';
}
