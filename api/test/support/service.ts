import { type ChildProcess, spawnSync, type StdioOptions } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { Clock } from '../../clock.ts';
import { assertAnswerFits } from '../contract/answer-schema.ts';
import { type Running, start } from './process.ts';
import { type LogLine, ServiceLog } from './service-log.ts';

export type { LogLine } from './service-log.ts';

/** Whether the tests run against the production build in separate processes. `npm run test:build` sets the variable. */
export const isBuildTested = process.env['SERVICE_UNDER_TEST'] === 'build';
const entry = isBuildTested ? 'dist/server.js' : '.test-build/server.js';
const root = fileURLToPath(new URL('../../../', import.meta.url));

/** The password contains a colon and a non-ASCII letter. */
export const token = Buffer.from('tester:c:olon ü').toString('base64');
/** A second valid token, as in a token rotation. */
export const secondToken = Buffer.from('rotated:next').toString('base64');

export interface Service {
  readonly url: string;
  /** All log lines so far. */
  readonly log: LogLine[];
  /** Resolves with the first log line that matches as soon as it exists. */
  logged(matches: (line: LogLine) => boolean): Promise<LogLine>;
  /** Sends a request, by default with credentials, and checks the response against swagger.yaml. */
  request(path: string, init?: RequestInit): Promise<Response>;
  /** Closes the service in the same way as SIGTERM. */
  close(): Promise<void>;
}

export interface ServiceProcess extends Service {
  readonly child: ChildProcess;
}

type Env = Readonly<Record<string, string>>;

/**
 * Starts the service on a free port with the AWS endpoint `awsUrl`. The service runs in the test process, or in a
 * separate process if the production build is tested. `env` extends the required environment. The separate process
 * ignores `clock`.
 */
export async function startService(awsUrl: string, env: Env = {}, clock?: Clock): Promise<Service> {
  if (isBuildTested) return startServiceProcess(awsUrl, env);
  // Uses a dynamic import, because most unit tests require neither Koa nor the AWS SDK.
  const { startInProcess } = await import('./in-process.ts');
  const log = new ServiceLog();
  const write = (line: string) => {
    log.add(line);
  };
  const service = await startInProcess({ ...listening, ...environmentOf(awsUrl), ...env }, write, clock);
  return { ...serviceAt(service.port, log), close: () => service.close() };
}

/** Starts the service in a separate process, for tests of signals, exit codes and crashes. */
export async function startServiceProcess(awsUrl: string, env: Env = {}): Promise<ServiceProcess> {
  const { child, printed, stop } = spawnService({ ...environmentOf(awsUrl), ...env });
  const log = new ServiceLog();
  createInterface({ input: child.stdout! }).on('line', (line) => {
    log.add(line);
  });
  await printed(/"msg":"listening"/);
  const line = await log.first(({ msg }) => msg === 'listening');
  return {
    ...serviceAt(Number(line['port']), log),
    child,
    close: async () => {
      await stop();
    },
  };
}

function serviceAt(port: number, log: ServiceLog): Omit<Service, 'close'> {
  const url = `http://127.0.0.1:${port}`;
  return {
    url,
    log: log.lines,
    logged: (matches) => log.first(matches),
    request: async (path, init = {}) => {
      const headers = {
        Authorization: `Basic ${token}`,
        // A keep-alive connection would delay the shutdown of the service by 5 s.
        Connection: 'close',
        ...(init.headers as Record<string, string>),
      };
      const response = await fetch(url + path, { ...init, headers });
      const { status, headers: received } = response;
      const body = await response.clone().text();
      assertAnswerFits(init.method ?? 'GET', path, { status, headers: received, body });
      return response;
    },
  };
}

const listening = { HOST: '127.0.0.1', PORT: '0' };

function environmentOf(awsUrl: string): Env {
  return {
    API_TOKEN: `${token},${secondToken}`,
    AWS_BACKEND: 'aws',
    AWS_ENDPOINT_URL: awsUrl,
    AWS_ACCESS_KEY_ID: 'AKIATESTTESTTEST',
    AWS_SECRET_ACCESS_KEY: 'test-secret-key',
    // The timeouts are high, so that a slow machine does not cause AWS timeouts. Tests of timeouts set their own
    // values.
    AWS_CONNECT_TIMEOUT_MS: '10000',
    AWS_ANSWER_TIMEOUT_MS: '10000',
    AWS_DEADLINE_MS: '20000',
  };
}

/** Starts the service with only this environment. The default `cwd` contains no .env file. */
export function spawnService(env: Env, cwd: string = emptyFolder(), stdio?: StdioOptions): Running {
  const always = {
    AWS_EC2_METADATA_DISABLED: 'true',
    AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true',
    ...listening,
  };
  const options = { isolated: true, cwd, ...(stdio && { stdio }) };
  return start(process.execPath, ['--enable-source-maps', join(root, entry)], { ...always, ...env }, options);
}

/** Runs the service program with these arguments until it exits. */
export function runService(argv: string[], env: Record<string, string>, input = '') {
  const { PATH = '' } = process.env;
  const options = { cwd: emptyFolder(), env: { PATH, ...env }, input, encoding: 'utf8' } as const;
  return spawnSync(process.execPath, [join(root, entry), ...argv], options);
}

const folders = mkdtempSync(join(tmpdir(), 'elb-inventory-'));
process.once('exit', () => {
  rmSync(folders, { recursive: true });
});

/** Returns the path of a new folder, which is removed when the test process exits. */
export function emptyFolder(): string {
  return mkdtempSync(join(folders, 'folder-'));
}

/** Returns the `message` of the response envelope. */
export async function messageOf<T = string>(response: Response): Promise<T> {
  return ((await response.json()) as { message: T }).message;
}
