import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';

/** The output of a command, both streams together, and its exit code. */
export interface Finished {
  /** null after a signal. */
  readonly code: number | null;
  readonly output: string;
  readonly seconds: number;
}

export interface Running {
  readonly child: ChildProcess;
  /** Returns the output so far. */
  output(): string;
  readonly finished: Promise<Finished>;
}

export type Environment = Readonly<Record<string, string>>;

/** Starts a command in this process's environment with additions; an empty value removes a variable. */
export function start(command: string, args: readonly string[], env: Environment = {}): Running {
  const startedAt = performance.now();
  const all = Object.entries({ ...process.env, ...env }).filter(([, value]) => value !== '');
  const child = spawn(command, args, { env: Object.fromEntries(all), stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk: Buffer) => (output += chunk.toString()));
  const finished = once(child, 'close').then(([code]) => ({
    code: code as number | null,
    output,
    seconds: (performance.now() - startedAt) / 1000,
  }));
  return { child, output: () => output, finished };
}

/** Runs a command and returns its output. Throws with the output unless the exit code is 0. */
export async function run(command: string, args: readonly string[], env?: Environment): Promise<string> {
  const { code, output } = await start(command, args, env).finished;
  if (code !== 0) throw new Error(`${command} ${args.join(' ')} ended with ${code}:\n${output}`);
  return output.trim();
}

/** Polls until the condition holds. Throws after `seconds`. */
export async function until(
  isSo: () => boolean | Promise<boolean>,
  what: string,
  seconds = 60,
): Promise<void> {
  const limit = performance.now() + seconds * 1000;
  while (!(await isSo())) {
    if (performance.now() > limit) throw new Error(`not within ${seconds} s: ${what}`);
    await sleep(100);
  }
}

/** Runs tasks in turn, each after the earlier tasks of this lane and of the others. A failed task does not stop the next. */
export class Lane {
  readonly #others: readonly Lane[];
  #last: Promise<unknown> = Promise.resolve();

  constructor(...others: Lane[]) {
    this.#others = others;
  }

  run<T>(work: () => Promise<T>): Promise<T> {
    const result = Promise.all([this, ...this.#others].map((lane) => lane.#last)).then(work);
    this.#last = result.catch(() => undefined);
    return result;
  }
}
