import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

export interface BuildInfo {
  /** Of package.json. */
  readonly version: string;
  /** The commit's full hash, or "unknown". */
  readonly commit: string;
}

/** `scripts/bundle.mjs` puts it here; from the sources there is none. */
declare const BUILD_INFO: BuildInfo | undefined;

/** Returns what this is a build of, or, from the sources, what the checkout says. */
export async function readBuildInfo(): Promise<BuildInfo> {
  if (typeof BUILD_INFO !== 'undefined') return BUILD_INFO;
  const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as {
    version: string;
  };
  const cwd = fileURLToPath(new URL('.', import.meta.url));
  const { stdout } = await promisify(execFile)('git', ['rev-parse', 'HEAD'], { cwd }).catch(() => ({
    stdout: '',
  }));
  return { version, commit: stdout.trim() || 'unknown' };
}
