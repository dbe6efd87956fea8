import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** The folder that `install` fills. */
export const tools = join(__dirname, '../../../.test-build/judges');

/** Returns the path of an installed program. Skips the tests if it is missing. */
export function tool(context: Mocha.Context, name: string): string {
  const path = join(tools, 'bin', name);
  if (!existsSync(path)) context.skip();
  return path;
}

/** Runs an installed program and returns its output; judges exit with another code than 0 if they find something. */
export async function judge(context: Mocha.Context, name: string, args: readonly string[]): Promise<string> {
  const path = tool(context, name);
  return new Promise((resolve, reject) => {
    execFile(path, args, { maxBuffer: 2 ** 28 }, (error, stdout, stderr) => {
      if (stdout === '') reject(new Error(`${name} printed nothing: ${error?.message ?? ''}\n${stderr}`));
      else resolve(stdout);
    });
  });
}

/** Returns a new folder, which is deleted after the tests. */
export function scratch(): string {
  const folder = mkdtempSync(join(tmpdir(), 'judges-'));
  process.once('exit', () => {
    rmSync(folder, { recursive: true });
  });
  return folder;
}
