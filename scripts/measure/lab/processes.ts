import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const root = new URL('../../../', import.meta.url);
const probe = new URL('probe.mjs', import.meta.url).href;

/** `Authorization` of every request to a service that is started here. */
export const authorization = `Basic ${Buffer.from('bench:mark').toString('base64')}`;

const children = new Set<ChildProcess>();
process.on('exit', () => {
  for (const child of children) child.kill('SIGKILL');
});

/** What a process has used so far; the loop delay is the longest since the last reset. */
export interface Usage {
  readonly maxLoopDelayMs: number;
  readonly cpuMs: number;
  readonly rssBytes: number;
}

export interface Running {
  readonly url: string;
  readonly pid: number;
  /** Aborted when the process ends though nobody stopped it; the reason is an Error that says so. */
  readonly gone: AbortSignal;
  usage(reset?: boolean): Promise<Usage>;
  stop(): Promise<void>;
}

/** Starts a program of this repository and waits until it tells on standard output where it listens. */
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
      // A process group of its own: Ctrl-C is for whoever measures, who then stops what it started.
      detached: true,
    },
  );
  children.add(child);
  const gone = new AbortController();
  let stopped = false;
  child.once('exit', (code, signal) => {
    children.delete(child);
    if (!stopped)
      gone.abort(new Error(`${file} ended by itself, with ${signal ?? `exit code ${code ?? 0}`}.`));
  });
  const url = await listeningUrl(child, file);
  return {
    url,
    pid: child.pid ?? 0,
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

/** The service tells its port in a line of its log, the embedded AWS its URL in a line for people. */
async function listeningUrl(child: ChildProcess, file: string): Promise<string> {
  if (child.stdout === null) throw new Error('the process has no output');
  for await (const line of createInterface({ input: child.stdout })) {
    const port = /"port":(\d+)/.exec(line)?.[1] ?? /http:\/\/[\d.]+:(\d+)/.exec(line)?.[1];
    if (port !== undefined) {
      child.stdout.resume();
      return `http://127.0.0.1:${port}`;
    }
  }
  throw new Error(`${file} ended before it listened; what it wrote above says why.`);
}

/** Starts the embedded AWS alone, 40 ms a call unless told otherwise. */
export function startAws(...args: string[]): Promise<Running> {
  return start('api/embedded-aws/main.ts', {}, ['--import', 'tsx'], ['--port', '0', ...args]);
}

/** Node's flags, as the image has them. */
function productionFlags(): string[] {
  const dockerfile = readFileSync(new URL('Dockerfile', root), 'utf8');
  const command = /^CMD (\["node", .*\])$/m.exec(dockerfile)?.[1];
  if (command === undefined) throw new Error('the Dockerfile does not say how the service is started');
  return (JSON.parse(command) as string[]).slice(1, -1);
}

/** Starts the production build, as production does, against an AWS endpoint. */
export function startService(awsUrl: string, env: Record<string, string> = {}): Promise<Running> {
  return start(
    'dist/server.js',
    {
      NODE_ENV: 'production',
      HOST: '127.0.0.1',
      PORT: '0',
      API_TOKEN: authorization.slice('Basic '.length),
      AWS_BACKEND: 'aws',
      AWS_ENDPOINT_URL: awsUrl,
      AWS_ACCESS_KEY_ID: 'bench',
      AWS_SECRET_ACCESS_KEY: 'bench',
      ...env,
    },
    productionFlags(),
  );
}

/** The embedded AWS's control path: what it was asked since the last reset, by action. */
export async function awsCalls(
  awsUrl: string,
): Promise<{ total: number; throttled: number; calls: (action: string) => number; log: AwsCall[] }> {
  const response = await fetch(`${awsUrl}/_control/calls`);
  const counts = (await response.json()) as {
    calls: number;
    throttled: number;
    actions: Record<string, { calls: number }>;
    log: AwsCall[];
  };
  return {
    total: counts.calls,
    throttled: counts.throttled,
    calls: (action) => counts.actions[action]?.calls ?? 0,
    log: counts.log,
  };
}

export interface AwsCall {
  readonly atMs: number;
  readonly tookMs: number;
  readonly action: string;
}

/** Sends JSON to the embedded AWS's control path. */
export async function control(awsUrl: string, method: string, path: string, body?: object): Promise<void> {
  const response = await fetch(`${awsUrl}/_control/${path}`, {
    method,
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  if (!response.ok) throw new Error(`${method} ${path}: ${await response.text()}`);
}

/** A request of the service, with credentials. */
export function request(serviceUrl: string, path: string, init: RequestInit = {}): Promise<Response> {
  return fetch(serviceUrl + path, {
    ...init,
    headers: { Authorization: authorization, ...(init.headers as Record<string, string>) },
  });
}
