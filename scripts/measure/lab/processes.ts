import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { start as startProcess } from '../../../api/test/support/process.ts';
import { bundle } from '../../bundle.mjs';
import type { Target } from '../load/request.ts';

const root = new URL('../../../', import.meta.url);
const probe = new URL('probe.mjs', import.meta.url).href;
const token = Buffer.from('bench:mark').toString('base64');

/** The resources that a process has used since it started. `maxLoopDelayMs` is reset separately. */
export interface Usage {
  readonly maxLoopDelayMs: number;
  readonly cpuMs: number;
  readonly rssBytes: number;
}

export interface Running extends Target {
  /** A signal that aborts when the process ends before `stop`. The reason is an Error. */
  readonly gone: AbortSignal;
  usage(reset?: boolean): Promise<Usage>;
  stop(): Promise<void>;
}

/** Starts a program of this repository. Resolves when the program logs its port. */
export async function start(
  file: string,
  env: Record<string, string> = {},
  flags: string[] = [],
  args: string[] = [],
): Promise<Running> {
  const { child, finished, printed, stop } = startProcess(
    process.execPath,
    ['--import', probe, ...flags, fileURLToPath(new URL(file, root)), ...args],
    { AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true', ...env },
    // Ctrl-C reaches only this program, which then stops its child processes.
    { isolated: true, detached: true, stdio: ['ignore', 'pipe', 'inherit', 'ipc'] },
  );
  const gone = new AbortController();
  let stopped = false;
  void finished.then(({ code, signal }) => {
    if (!stopped)
      gone.abort(new Error(`${file} ended unexpectedly, with ${signal ?? `exit code ${code ?? 0}`}.`));
  });
  // The service logs its port as JSON; the embedded AWS prints its URL.
  const [, port, printedPort] = await printed(/"port":(\d+)|http:\/\/[\d.]+:(\d+)/);
  child.stdout?.removeAllListeners('data').resume();
  return {
    url: `http://127.0.0.1:${port ?? printedPort ?? ''}`,
    authorization: `Basic ${token}`,
    gone: gone.signal,
    usage: async (reset = false) => {
      child.send(reset ? 'reset' : 'usage');
      const [usage] = (await once(child, 'message')) as [Usage];
      return usage;
    },
    stop: async () => {
      stopped = true;
      await stop('SIGKILL');
    },
  };
}

let awsBundle: Promise<unknown> | undefined;

/** Starts the embedded AWS. Its calls take 40 ms by default. */
export async function startAws(...args: string[]): Promise<Running> {
  // Starting the bundle takes a fifth of the time of starting from source.
  await (awsBundle ??= bundle('api/embedded-aws/main.ts', '.test-build/embedded-aws.js'));
  return start('.test-build/embedded-aws.js', {}, [], ['--port', '0', ...args]);
}

/** Returns the Node.js flags in the image. */
function productionFlags(): string[] {
  const dockerfile = readFileSync(new URL('Dockerfile', root), 'utf8');
  const command = /^CMD (\["node", .*\])$/m.exec(dockerfile)?.[1];
  if (command === undefined) throw new Error('the Dockerfile has no CMD that starts node');
  return (JSON.parse(command) as string[]).slice(1, -1);
}

/** Returns the environment of a service that calls this AWS endpoint. */
export function serviceEnv(awsUrl: string): Record<string, string> {
  return {
    NODE_ENV: 'production',
    HOST: '127.0.0.1',
    PORT: '0',
    API_TOKEN: token,
    AWS_BACKEND: 'aws',
    AWS_REGION: 'us-east-1',
    AWS_ENDPOINT_URL: awsUrl,
    AWS_ACCESS_KEY_ID: 'bench',
    AWS_SECRET_ACCESS_KEY: 'bench',
  };
}

/** Starts the production build with the flags in the image and with these additional settings. */
export function startService(awsUrl: string, env: Record<string, string> = {}): Promise<Running> {
  return start('dist/server.js', { ...serviceEnv(awsUrl), ...env }, productionFlags());
}

/** Starts an embedded AWS with these arguments, and the production build that calls it. */
export async function startServiceWithAws(
  ...awsArgs: string[]
): Promise<{ aws: Running; service: Running; stop: () => Promise<unknown> }> {
  const aws = await startAws(...awsArgs);
  const service = await startService(aws.url);
  return { aws, service, stop: () => Promise.all([aws.stop(), service.stop()]) };
}
