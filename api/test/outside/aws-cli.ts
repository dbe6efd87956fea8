import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { start } from '../support/process.ts';
import { emptyFolder } from '../support/service.ts';

/** The exit code and the output of an AWS CLI command. */
export interface CliResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface AwsCli {
  /** Runs one command. Rejects if the CLI process has exited. */
  run(...args: string[]): Promise<CliResult>;
  close(): Promise<void>;
}

/**
 * Starts the AWS CLI from Debian without retries and without the settings of the user. Commands run one after another.
 */
export function startAwsCli(): AwsCli {
  const env = {
    HOME: emptyFolder(),
    PATH: '/usr/bin:/bin',
    AWS_ACCESS_KEY_ID: 'test',
    AWS_SECRET_ACCESS_KEY: 'test',
    AWS_DEFAULT_REGION: 'us-east-1',
    AWS_DEFAULT_OUTPUT: 'json',
    AWS_EC2_METADATA_DISABLED: 'true',
    AWS_MAX_ATTEMPTS: '1',
    AWS_PAGER: '',
  };
  const program = fileURLToPath(new URL('aws-cli.py', import.meta.url));
  const { child, finished } = start('/usr/bin/python3', [program], env, {
    isolated: true,
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const lines = createInterface({ input: child.stdout! })[Symbol.asyncIterator]();
  return {
    run: async (...args) => {
      child.stdin!.write(`${JSON.stringify(args)}\n`);
      const line = await lines.next();
      if (line.done === true) throw new Error('the AWS CLI process has exited');
      return JSON.parse(line.value) as CliResult;
    },
    close: async () => {
      child.stdin!.end();
      await finished;
    },
  };
}
