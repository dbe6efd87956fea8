import { ConfigError } from './errors.ts';
import { maskSecrets } from './logger/mask-secrets.ts';

/** EX_CONFIG from sysexits.h. */
const configErrorCode = 78;

/** The command line is invalid. */
export class UsageError extends Error {}

/**
 * Returns the text for standard error after a failed startup, with secrets masked, and the exit code: 2 for an invalid
 * command line, 78 for invalid settings, otherwise 1. The warnings precede the error, unless the command line is
 * invalid.
 */
export function startError(error: unknown, warnings: readonly string[]): { text: string; code: number } {
  if (error instanceof UsageError) return { text: `${error.message}\n`, code: 2 };
  const isConfigError = error instanceof ConfigError;
  const what = error instanceof Error ? (isConfigError ? error.message : error.stack) : String(error);
  const lines = [
    ...warnings.map((warning) => `Warning: ${warning}`),
    `elb-inventory cannot start. ${what ?? ''}`,
  ];
  return {
    text: lines.map((line) => `${maskSecrets(line)}\n`).join(''),
    code: isConfigError ? configErrorCode : 1,
  };
}
