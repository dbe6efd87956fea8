import { type ChildProcess, spawn, type StdioOptions } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { unusedPort } from './unused-port.ts';

export type Environment = Readonly<Record<string, string>>;

export interface StartOptions {
  /** Passes only PATH and the coverage folder from the environment of this process. */
  readonly isolated?: boolean;
  readonly cwd?: string;
  readonly stdio?: StdioOptions;
  /** Starts a new process group, which does not receive Ctrl-C. */
  readonly detached?: boolean;
}

/** The exit status of a process, and its output. */
export interface Finished {
  /** null if a signal ended the process. */
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
  /** The combined output of both streams. */
  readonly output: string;
  readonly seconds: number;
}

export interface Running {
  readonly child: ChildProcess;
  /** Returns the output of both streams so far. */
  readonly output: () => string;
  /** Resolves when the process has ended and its pipes are closed. */
  readonly finished: Promise<Finished>;
  /**
   * Polls until the condition is true. Throws an error with the output if the process ends first, or after `seconds`.
   */
  readonly until: (isSo: () => boolean | Promise<boolean>, what: string, seconds?: number) => Promise<void>;
  /** Resolves with the match when the output matches. Throws the same errors as `until`. */
  readonly printed: (pattern: RegExp) => Promise<RegExpExecArray>;
  /** Sends SIGTERM or another signal. Resolves when the process has ended. */
  readonly stop: (signal?: NodeJS.Signals) => Promise<Finished>;
}

const children = new Set<ChildProcess>();
process.on('exit', () => {
  for (const child of children) child.kill('SIGKILL');
});

/**
 * Starts a command in the environment of this process with additions. The command is killed when this process exits.
 */
export function start(
  command: string,
  args: readonly string[],
  env: Environment = {},
  { isolated = false, stdio = ['ignore', 'pipe', 'pipe'], ...options }: StartOptions = {},
): Running {
  const startedAt = performance.now();
  const { PATH, NODE_V8_COVERAGE } = process.env;
  const inherited = isolated ? { PATH, NODE_V8_COVERAGE } : process.env;
  const child = spawn(command, args, { ...options, env: { ...inherited, ...env }, stdio });
  children.add(child);
  const written = { stdout: '', stderr: '', output: '' };
  for (const name of ['stdout', 'stderr'] as const)
    child[name]?.setEncoding('utf8').on('data', (text: string) => {
      written[name] += text;
      written.output += text;
    });
  let ended: Finished | undefined;
  const finished = once(child, 'close').then(([code, signal]) => {
    children.delete(child);
    const seconds = (performance.now() - startedAt) / 1000;
    return (ended = {
      code: code as number | null,
      signal: signal as Finished['signal'],
      ...written,
      seconds,
    });
  });
  const running: Running = {
    child,
    output: () => written.output,
    finished,
    until: (isSo, what, seconds) =>
      until(
        async () => {
          const over = ended;
          if (await isSo()) return true;
          if (over !== undefined)
            throw new Error(`${command} ended with ${over.code ?? over.signal ?? ''}:\n${over.output}`);
          return false;
        },
        what,
        seconds,
      ),
    printed: async (pattern) => {
      await running.until(() => pattern.test(written.output), `${command} prints ${String(pattern)}`);
      return pattern.exec(written.output)!;
    },
    stop: (signal) => {
      child.kill(signal);
      return finished;
    },
  };
  return running;
}

/**
 * Runs a command and returns its trimmed standard output. Throws an error with all output unless the exit code is 0.
 */
export async function run(
  command: string,
  args: readonly string[],
  env?: Environment,
  options?: StartOptions,
): Promise<string> {
  const { code, stdout, output } = await start(command, args, env, options).finished;
  if (code !== 0)
    throw new Error(`${command} ${args.join(' ')} ended with ${code ?? 'a signal'}:\n${output}`);
  return stdout.trim();
}

/** A server in a separate process. */
export interface ServerProcess {
  readonly url: string;
  close(): Promise<unknown>;
}

/**
 * Starts a server on a free port. Resolves when it responds to GET `path` with a 2xx status. Throws the same errors as
 * `Running.until`.
 */
export async function startServer(
  command: string,
  args: (port: number) => string[],
  path: string,
): Promise<ServerProcess> {
  const port = await unusedPort();
  const server = start(command, args(port));
  const url = `http://127.0.0.1:${port}`;
  await server.until(() => responds(url + path), `${command} responds on port ${port}`);
  return { url, close: () => server.stop() };
}

/** Returns true if GET `url` returns a 2xx status. */
export function responds(url: string): Promise<boolean> {
  return fetch(url, { headers: { Connection: 'close' } }).then(
    ({ ok }) => ok,
    () => false,
  );
}

/** Polls until the condition is true. Throws after `seconds`. */
export async function until(
  isSo: () => boolean | Promise<boolean>,
  what = isSo.toString(),
  seconds = 60,
): Promise<void> {
  const limit = performance.now() + seconds * 1000;
  while (!(await isSo())) {
    if (performance.now() > limit) throw new Error(`not within ${seconds} s: ${what}`);
    await sleep(50);
  }
}
