import { spawnSync } from 'node:child_process';
import { copyFileSync, existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Environment, run, until } from '../../../api/test/support/process.ts';

const root = fileURLToPath(new URL('../../../', import.meta.url));
const lab = `${root}../shared/tools/docker-lab`;

/** The tool that runs separate Docker engines on a Debian machine. */
const hasLab = existsSync(lab);
export const hasDocker = hasLab || spawnSync('docker', ['version']).status === 0;
/** Each host requires an engine from this tool and its own SSH server, which requires root. */
export const hasHosts =
  hasLab &&
  process.getuid?.() === 0 &&
  ['/usr/sbin/sshd', '/usr/sbin/haproxy', '/usr/bin/git'].every((file) => existsSync(file));

/** A Docker engine. */
export class Engine {
  readonly env: Environment;

  constructor(env: Environment) {
    this.env = env;
  }

  docker(...args: string[]): Promise<string> {
    return run('docker', args, this.env);
  }

  /** Returns the output of `docker inspect --format`. */
  inspect(name: string, format: string): Promise<string> {
    return this.docker('inspect', '--format', format, name);
  }

  /** Returns the names of the running containers. */
  async running(): Promise<string[]> {
    return (await this.docker('ps', '--format', '{{.Names}}')).split('\n').filter(Boolean).sort();
  }
}

/** Starts a separate engine. Without the tool, returns the Docker engine of this machine. */
export async function startEngine(name: string): Promise<Engine> {
  if (!hasLab) return new Engine({});
  const exports = (await run(lab, ['up', name])).split('\n').findLast((line) => line.startsWith('export '));
  const env = Object.fromEntries(
    (exports ?? '')
      .slice('export '.length)
      .split(' ')
      .map((assignment): [string, string] => {
        const at = assignment.indexOf('=');
        return [assignment.slice(0, at), assignment.slice(at + 1)];
      }),
  );
  const path = env['PATH'] ?? '';
  await needInit(path.split(':')[0] ?? '');
  return new Engine({ ...env, PATH: path.replace('$PATH', process.env['PATH'] ?? '') });
}

/** `docker run --init` requires docker-init, a link to tini, which the tool does not install. */
async function needInit(bin: string): Promise<void> {
  if (existsSync(join(bin, 'docker-init'))) return;
  const tini = '/usr/bin/tini-static';
  const apt = ['-o', 'DPkg::Lock::Timeout=300', '-qq', 'install', '-y', '--no-install-recommends', 'tini'];
  if (!existsSync(tini)) await run('apt-get', apt);
  copyFileSync(tini, join(bin, 'tini-static'));
}

/** Stops the engine and its containers, as a restart of Docker does. Resolves when the process has ended. */
export async function stopEngine(name: string, { env }: Engine): Promise<void> {
  await run(lab, ['down', name]);
  const pidFile = (env['DOCKER_HOST'] ?? '').replace(/^unix:\/\/(.*)docker\.sock$/, '$1dockerd.pid');
  await until(() => !existsSync(pidFile), `${name} is down`);
}
