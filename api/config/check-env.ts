import { ConfigError } from '../errors.ts';
import type { ReadFile } from './aws-settings.ts';
import { readConfig, warningsOf } from './config.ts';
import { readEnvFile } from './env-file.ts';

/**
 * Checks an env file according to the rules of `docker run --env-file`, and adds its variables to `env`. Calls `warn`
 * for each warning. Throws a ConfigError that lists every error that would prevent the service from starting.
 */
export function checkEnvFile(
  bytes: Buffer,
  env: Readonly<Record<string, string | undefined>>,
  nodeVersion: string,
  readFile: ReadFile,
  warn: (warning: string) => void,
): void {
  const { values, faults, warnings } = readEnvFile(bytes, 'docker');
  warnings.forEach(warn);
  if (faults.length > 0) throw new ConfigError(faults);
  warningsOf(readConfig({ ...env, ...values }, nodeVersion, { readFile })).forEach(warn);
}
