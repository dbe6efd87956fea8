import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { cpus, platform, totalmem } from 'node:os';
import type { Figure } from '../promises/promise.ts';
import type { Run } from '../load/recorder.ts';

/** What became of one scenario. */
export interface Outcome {
  readonly name: string;
  readonly asks: string;
  readonly promises: string;
  /** `skipped`: not for this target; `cut`: did not come to its end, so that its promises are not judged. */
  readonly state: 'done' | 'cut' | 'skipped';
  readonly figures: readonly Figure[];
}

/** All of one run of `npm run capacity`, as in report.json. */
export interface Report {
  readonly format: 1;
  readonly startedAt: string;
  readonly seconds: number;
  readonly quick: boolean;
  readonly target: string;
  readonly machine: Machine;
  readonly versions: Readonly<Record<string, string>>;
  /** Of the working folder, with a `+` where it has changes; `unknown` outside of a repository. */
  readonly commit: string;
  /** Why it ended early. */
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

/** The machine that measures, and runs what is measured unless that is deployed elsewhere. */
export function thisMachine(): Machine {
  return {
    cpu: cpus()[0]?.model.trim() ?? 'unknown',
    cores: cpus().length,
    memoryGb: Math.round(totalmem() / 2 ** 30),
    system: platform(),
  };
}

/** Node's version and those of the packages that take part. */
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

/** The commit of the working folder. */
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
