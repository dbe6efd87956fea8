import { ConfigError } from './errors.ts';
import { maskSecrets } from './logger/mask-secrets.ts';

/** EX_CONFIG of sysexits.h. */
const configErrorCode = 78;

/** The command line is invalid. */
export class UsageError extends Error {}

/**
 * Returns the text for standard error after a failed start, with secrets masked, and the exit code: 2 for the command
 * line, 78 for the settings, otherwise 1. The warnings precede an error that is not in the command line.
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
