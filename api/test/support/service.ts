import { type ChildProcess, spawn, type StdioOptions } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { assertAnswerFits } from '../contract/answer-schema.ts';

/** `npm run test:build` sets this, to run the same tests against the production build. */
const entry = process.env['SERVICE_UNDER_TEST'] === 'build' ? 'dist/server.js' : '.test-build/server.js';
const root = fileURLToPath(new URL('../../../', import.meta.url));

/** base64 of `tester:c:olon ü`, which has a colon in the password and a letter beyond ASCII. */
export const token = Buffer.from('tester:c:olon ü').toString('base64');
/** A second valid token, as during a rotation. */
export const secondToken = Buffer.from('rotated:next').toString('base64');

export type LogLine = Record<string, unknown> & { msg: string };

export interface Service {
  readonly url: string;
  readonly child: ChildProcess;
  /** Every line of the log so far. */
  readonly log: LogLine[];
  /** Resolves with the first line, past or future, that fits. */
  logged(fits: (line: LogLine) => boolean): Promise<LogLine>;
  /** Sends a request, with credentials unless told otherwise, and holds the answer against swagger.yaml. */
  request(path: string, init?: RequestInit): Promise<Response>;
  close(): Promise<void>;
}

/** Starts the service as its own process, against the AWS endpoint given, on a free port. */
export async function startService(awsUrl: string, env: Record<string, string> = {}): Promise<Service> {
  const child = spawnService({
    API_TOKEN: `${token},${secondToken}`,
    AWS_BACKEND: 'aws',
    AWS_ENDPOINT_URL: awsUrl,
    AWS_ACCESS_KEY_ID: 'AKIATESTTESTTEST',
    AWS_SECRET_ACCESS_KEY: 'test-secret-key',
    ...env,
  });
  const log: LogLine[] = [];
  const arrived = new EventTarget();
  createInterface({ input: child.stdout! }).on('line', (line) => {
    log.push(JSON.parse(line) as LogLine);
    arrived.dispatchEvent(new Event('line'));
  });
  let stderr = '';
  child.stderr!.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
  const ended = once(child, 'exit');

  const logged = async (fits: (line: LogLine) => boolean): Promise<LogLine> => {
    for (;;) {
      const line = log.find(fits);
      if (line !== undefined) return line;
      await new Promise((resolve) => {
        arrived.addEventListener('line', resolve, { once: true });
      });
    }
  };
  const listening = await Promise.race([
    logged(({ msg }) => msg === 'listening'),
    ended.then(() => Promise.reject(new Error(`the service ended before it listened: ${stderr}`))),
  ]);
  const url = `http://127.0.0.1:${String(listening['port'])}`;
  return {
    url,
    child,
    log,
    logged,
    request: async (path, init = {}) => {
      const headers = {
        Authorization: `Basic ${token}`,
        // A connection kept alive would hold up the end of the service for its five idle seconds.
        Connection: 'close',
        ...(init.headers as Record<string, string>),
      };
      const response = await fetch(url + path, { ...init, headers });
      const { status, headers: answered } = response;
      assertAnswerFits(init.method ?? 'GET', path, {
        status,
        headers: answered,
        body: await response.clone().text(),
      });
      return response;
    },
    close: async () => {
      child.kill('SIGTERM');
      await ended;
    },
  };
}

/** Starts the service's process with this environment alone, in a folder without a .env unless `cwd` has one. */
export function spawnService(
  env: Record<string, string>,
  cwd: string = emptyFolder(),
  stdio: StdioOptions = ['ignore', 'pipe', 'pipe'],
): ChildProcess {
  const { PATH = '', NODE_V8_COVERAGE } = process.env;
  return spawn(process.execPath, ['--enable-source-maps', join(root, entry)], {
    cwd,
    env: {
      PATH,
      ...(NODE_V8_COVERAGE !== undefined && { NODE_V8_COVERAGE }),
      AWS_EC2_METADATA_DISABLED: 'true',
      AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true',
      HOST: '127.0.0.1',
      PORT: '0',
      ...env,
    },
    stdio,
  });
}

const folders = mkdtempSync(join(tmpdir(), 'elb-inventory-'));
process.once('exit', () => {
  rmSync(folders, { recursive: true });
});

/** Returns the path of a new folder, which is gone once the tests have ended. */
export function emptyFolder(): string {
  return mkdtempSync(join(folders, 'folder-'));
}

/** The `message` of an enveloped answer. */
export async function messageOf<T = string>(response: Response): Promise<T> {
  return ((await response.json()) as { message: T }).message;
}
