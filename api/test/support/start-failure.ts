import assert from 'node:assert/strict';
import { startError } from '../../start-error.ts';
import { startInProcess } from './in-process.ts';

type Env = Readonly<Record<string, string>>;

/**
 * During `work`, replaces the variables that the AWS SDK reads in this process, AWS_* and HOME, with those in `env`.
 */
export async function withEnvironment<T>(env: Env, work: () => Promise<T>): Promise<T> {
  const before = { ...process.env };
  const replaceBy = (values: Readonly<Record<string, string | undefined>>) => {
    for (const name of Object.keys({ ...process.env, ...values }))
      if (name === 'HOME' || name.startsWith('AWS_')) {
        if (values[name] === undefined) Reflect.deleteProperty(process.env, name);
        else process.env[name] = values[name];
      }
  };
  const always = {
    AWS_EC2_METADATA_DISABLED: 'true',
    AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true',
  };
  replaceBy({ ...always, ...env });
  try {
    return await work();
  } finally {
    replaceBy(before);
  }
}

/**
 * Starts the service in this process with this environment. Startup must fail. Returns the output of server.ts to
 * standard error, its exit code, and the log.
 */
export function startFailure(env: Env): Promise<{ code: number; stdout: string; stderr: string }> {
  return withEnvironment(env, async () => {
    let stdout = '';
    const started = startInProcess({ HOST: '127.0.0.1', PORT: '0', ...env }, (line) => (stdout += line));
    const error: unknown = await started.then(
      async (service) => {
        await service.close();
        return assert.fail('the service started');
      },
      (reason: unknown) => reason,
    );
    const { code, text } = startError(error, []);
    return { code, stdout, stderr: text };
  });
}
