import { execFileSync } from 'node:child_process';
import type { Env } from './environment';

/** Returns where this clone came from and the commit it stands on, as REPOSITORY and GIT_REF; what git does not tell is left out. */
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
