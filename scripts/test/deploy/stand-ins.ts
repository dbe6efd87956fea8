import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { type Environment, run, start } from '../../../api/test/support/process.ts';
import { builder } from './hosts.ts';

/** A machine whose engine is emulated by a script, for tests of what builder.sh does before it starts a container. */
export interface StandIn {
  readonly folder: string;
  readonly env: Environment;
  /** Writes a script to the first folder in PATH. */
  put(name: string, script: string): void;
  /** Returns the commands that reached the engine. */
  calls(): string;
  /** The folder that builder.sh uses as its lock. */
  readonly lock: string;
  /** Removes the files of the emulated machine. */
  remove(): void;
}

/** An engine without images and containers, in which `docker build` fails. */
const docker = `
echo "docker $*" >>"$FOLDER/calls"
case "$1 $2" in
'version --format') echo amd64 ;;
'version ' | 'update --restart') ;;
'info --format') case $3 in *.ID*) echo "$ENGINE_ID" ;; esac ;;
'image inspect') [ -f "$FOLDER/image" ] && cat "$FOLDER/image" ;;
'save '*) cat "$FOLDER/saved" ;;
'load ') cat >"$FOLDER/loaded" ;;
*) exit 1 ;;
esac`;

export function makeStandIn(folder: string): StandIn {
  const engineId = `stand-in-${process.pid}-${basename(dirname(folder))}`;
  const lock = `/run/lock/elb-inventory-builder-${engineId}`;
  const bin = join(folder, 'bin');
  mkdirSync(bin, { recursive: true });
  const put = (name: string, script: string): void => {
    writeFileSync(join(bin, name), `#!/bin/bash\n${script}\n`, { mode: 0o755 });
  };
  put('docker', docker);
  writeFileSync(join(folder, 'calls'), '');
  writeFileSync(join(folder, 'env'), 'API_TOKEN=x\nHOST=127.0.0.1\nPORT=1\n');
  return {
    folder,
    env: {
      FOLDER: folder,
      ENGINE_ID: engineId,
      ENV_FILE: join(folder, 'env'),
      // The version managers on a developer's machine would be slow and would print output.
      PATH: `${bin}:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin`,
      SHLVL: '1',
    },
    put,
    calls: () => readFileSync(join(folder, 'calls'), 'utf8'),
    lock,
    remove: () => {
      for (const path of [folder, lock]) rmSync(path, { recursive: true, force: true });
    },
  };
}

export interface Ended {
  readonly code: number | null;
  readonly output: string;
}

/** Runs builder.sh on the emulated machine. Stops it after 30 s. */
export async function runOn(
  { env }: StandIn,
  args: readonly string[],
  more: Environment = {},
  script = builder,
): Promise<Ended> {
  const running = start(script, args, { ...env, ...more });
  const limit = setTimeout(() => running.child.kill('SIGKILL'), 30_000);
  const finished = await running.finished;
  clearTimeout(limit);
  return finished;
}

/** Creates a git repository with one commit on `main`. Returns the commit. */
export async function makeSmallRepository(folder: string): Promise<string> {
  mkdirSync(folder);
  const git = (...args: string[]): Promise<string> =>
    run('git', ['-C', folder, '-c', 'user.name=test', '-c', 'user.email=test@localhost', ...args]);
  await git('init', '-q', '-b', 'main');
  writeFileSync(join(folder, 'package.json'), '{\n  "version": "1.2.3"\n}\n');
  await git('add', '--all');
  await git('commit', '-q', '--no-verify', '-m', 'main');
  return git('rev-parse', 'HEAD');
}

/**
 * Returns the command lines of all processes on this machine. If a server calls this during a request, the result contains
 * the process that sent the request.
 */
export function commandLines(): string[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((pid) => {
      try {
        return [readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ')];
      } catch {
        // The process has ended.
        return [];
      }
    });
}
