import { parseArgs } from 'node:util';
import { UsageError } from './start-error.ts';

export const usage = `Usage: node server.js [option]

Starts the API. Reads its settings from the environment and from .env in the working directory; see .env.example.

  --check-env FILE  check FILE (- for standard input) as docker run --env-file reads it, without starting the
                    service; exits with 78 if the service cannot start with these settings
  --help            show this help
`;

/** Returns the command-line options. Throws a UsageError if an option is unknown or incomplete. */
export function readOptions(args: string[]): { help?: boolean; 'check-env'?: string } {
  try {
    const options = { help: { type: 'boolean' }, 'check-env': { type: 'string' } } as const;
    return parseArgs({ args, options }).values;
  } catch (error) {
    throw new UsageError(`${(error as Error).message.replaceAll('\n', ' ')} See --help.`, { cause: error });
  }
}
