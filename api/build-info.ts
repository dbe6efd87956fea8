import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

export interface BuildInfo {
  readonly version: string;
  /** The full commit hash, or "unknown". */
  readonly commit: string;
}

/** Defined by `scripts/bundle.mjs`. Undefined if the program runs from source. */
declare const BUILD_INFO: BuildInfo | undefined;

/** Returns the version and commit of the bundle or, if the program runs from source, of the checkout. */
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
