import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { cpus, platform, totalmem } from 'node:os';
import type { Figure } from '../promises/promise.ts';
import type { Run } from '../load/recorder.ts';

/** The result of one scenario. */
export interface Outcome {
  readonly name: string;
  readonly workload: string;
  readonly promises: string;
  /**
   * `skipped` means that the scenario does not apply to the target. `cut` means that it ended early, without figures.
   */
  readonly state: 'done' | 'cut' | 'skipped';
  readonly figures: readonly Figure[];
}

/** The content of report.json. */
export interface Report {
  readonly format: 1;
  readonly startedAt: string;
  readonly seconds: number;
  readonly quick: boolean;
  readonly target: string;
  readonly machine: Machine;
  readonly versions: Readonly<Record<string, string>>;
  /**
   * The commit of the working directory, with a `+` if there are uncommitted changes; `unknown` outside a repository.
   */
  readonly commit: string;
  /** The reason, if the run ended early. */
  readonly ended?: string;
  readonly outcomes: readonly Outcome[];
  readonly runs: readonly Run[];
}

export interface Machine {
  readonly cpu: string;
  readonly cores: number;
  readonly memoryGb: number;
  readonly system: string;
}

/**
 * Returns the machine that sends the load. Unless the service is deployed elsewhere, this machine also runs the
 * servers.
 */
export function thisMachine(): Machine {
  return {
    cpu: cpus()[0]?.model.trim() ?? 'unknown',
    cores: cpus().length,
    memoryGb: Math.round(totalmem() / 2 ** 30),
    system: platform(),
  };
}

/** Returns the versions of Node.js and of the packages that affect the results. */
export function versions(): Record<string, string> {
  const lock = JSON.parse(readFileSync(new URL('../../../package-lock.json', import.meta.url), 'utf8')) as {
    packages: Record<string, { version?: string }>;
  };
  const of = (name: string): [string, string] => [
    name,
    lock.packages[`node_modules/${name}`]?.version ?? 'unknown',
  ];
  return { node: process.version, ...Object.fromEntries(['koa', 'autocannon', 'echarts'].map(of)) };
}

export function commit(): string {
  const git = (...args: string[]): string =>
    execFileSync('git', args, { cwd: import.meta.dirname, stdio: ['ignore', 'pipe', 'ignore'] })
      .toString()
      .trim();
  try {
    return git('rev-parse', '--short=12', 'HEAD') + (git('status', '--porcelain') === '' ? '' : '+');
  } catch {
    return 'unknown';
  }
}
