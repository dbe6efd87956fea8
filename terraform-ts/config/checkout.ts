import { execFileSync } from 'node:child_process';
import type { Env } from './environment';

/** Returns this clone's origin and commit as REPOSITORY and GIT_REF; a value is undefined when git fails. */
export function checkout(): Env {
  return { REPOSITORY: git('remote', 'get-url', 'origin'), GIT_REF: git('rev-parse', 'HEAD') };
}

function git(...args: string[]): string | undefined {
  try {
    return execFileSync('git', args, {
      cwd: __dirname,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    }).trim();
  } catch {
    return undefined;
  }
}
