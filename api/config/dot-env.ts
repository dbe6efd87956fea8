import { readFileSync } from 'node:fs';
import { ConfigError } from '../errors.ts';
import { readEnvFile } from './env-file.ts';

/**
 * Copies the variables in the file, usually .env, to the environment, from which the SDK also reads its settings.
 * Variables that are already set take precedence. Returns warnings about the file. Throws a ConfigError if the file is
 * invalid.
 */
export function loadDotEnv(path: string, env: Record<string, string | undefined>): readonly string[] {
  let bytes: Buffer;
  try {
    bytes = readFileSync(path);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') return [];
    throw new ConfigError([
      `.env cannot be read (${code ?? 'unknown error'}): make it a file that this user can read, or remove it`,
    ]);
  }
  const { values, faults, warnings } = readEnvFile(bytes, 'dotenv');
  if (faults.length > 0) throw new ConfigError(faults.map((fault) => `.env: ${fault}`));
  for (const [name, value] of Object.entries(values)) env[name] ||= value;
  return warnings.map((warning) => `.env: ${warning}`);
}
