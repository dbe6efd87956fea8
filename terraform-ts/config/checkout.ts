import { execFileSync } from 'node:child_process';
import type { Env } from './environment';

/** Returns the origin and the commit of this clone as REPOSITORY and GIT_REF. A value is undefined if git fails. */
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
