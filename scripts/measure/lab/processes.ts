import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { Target } from '../load/request.ts';

const root = new URL('../../../', import.meta.url);
const probe = new URL('probe.mjs', import.meta.url).href;
const token = Buffer.from('bench:mark').toString('base64');

const children = new Set<ChildProcess>();
process.on('exit', () => {
  for (const child of children) child.kill('SIGKILL');
});

/** Resources that a process has used since its start; `maxLoopDelayMs` counts since the last reset. */
export interface Usage {
  readonly maxLoopDelayMs: number;
  readonly cpuMs: number;
  readonly rssBytes: number;
}

export interface Running extends Target {
  /** Aborts when the process ends before `stop`; the reason is an Error. */
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
  const child = spawn(
    process.execPath,
    ['--import', probe, ...flags, fileURLToPath(new URL(file, root)), ...args],
    {
      env: { PATH: process.env['PATH'], AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true', ...env },
      stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
      // A separate process group: Ctrl-C reaches only this program, which then stops its children.
      detached: true,
    },
  );
  children.add(child);
  const gone = new AbortController();
  let stopped = false;
  child.once('exit', (code, signal) => {
    children.delete(child);
    if (!stopped)
      gone.abort(new Error(`${file} ended unexpectedly, with ${signal ?? `exit code ${code ?? 0}`}.`));
  });
  const url = await listeningUrl(child, file);
  return {
    url,
    authorization: `Basic ${token}`,
    gone: gone.signal,
    usage: async (reset = false) => {
      child.send(reset ? 'reset' : 'usage');
      const [usage] = (await once(child, 'message')) as [Usage];
      return usage;
    },
    stop: async () => {
      stopped = true;
      child.kill('SIGKILL');
      if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
    },
  };
}

/** The service logs its port as JSON; the embedded AWS prints its URL. */
async function listeningUrl(child: ChildProcess, file: string): Promise<string> {
  if (child.stdout === null) throw new Error('the process has no output');
  for await (const line of createInterface({ input: child.stdout })) {
    const port = /"port":(\d+)/.exec(line)?.[1] ?? /http:\/\/[\d.]+:(\d+)/.exec(line)?.[1];
    if (port !== undefined) {
      child.stdout.resume();
      return `http://127.0.0.1:${port}`;
    }
  }
  throw new Error(`${file} ended before it listened; see its output above.`);
}

/** Starts the embedded AWS, whose calls take 40 ms by default. */
export function startAws(...args: string[]): Promise<Running> {
  return start('api/embedded-aws/main.ts', {}, ['--import', 'tsx'], ['--port', '0', ...args]);
}

/** Node's flags in the image. */
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

/** Starts the production build with the flags of the image. */
export function startService(awsUrl: string): Promise<Running> {
  return start('dist/server.js', serviceEnv(awsUrl), productionFlags());
}

/** Starts an embedded AWS with these arguments, and the production build that calls it. */
export async function startServiceWithAws(
  ...awsArgs: string[]
): Promise<{ aws: Running; service: Running; stop: () => Promise<unknown> }> {
  const aws = await startAws(...awsArgs);
  const service = await startService(aws.url);
  return { aws, service, stop: () => Promise.all([aws.stop(), service.stop()]) };
}
