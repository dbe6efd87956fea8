import { appendFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Engine, startEngine } from './engines.ts';
import { unusedPort } from '../../../api/test/support/unused-port.ts';
import {
  type Environment,
  type Finished,
  run,
  type Running,
  start,
} from '../../../api/test/support/process.ts';

export const builder = fileURLToPath(new URL('../../builder.sh', import.meta.url));

/** A machine to deploy to, with its own engine, SSH server and address. */
export interface Host {
  readonly name: string;
  readonly engine: Engine;
  readonly url: string;
  readonly envFile: string;
  readonly instanceId: string;
  close(): Promise<void>;
}

export interface HostOptions {
  /** The folder that contains the files of the host. */
  readonly folder: string;
  readonly address: string;
  readonly instanceId: string;
  /** Additional settings in its env file. */
  readonly settings: Environment;
  /** The URL of its metadata service. */
  readonly metadataUrl: string;
}

/** The base64 of `deploy:secret-word`. */
export const token = Buffer.from('deploy:secret-word').toString('base64');

/** Starts a host, whose engine has the same name. `ssh -F folder/ssh_config NAME` connects to it. */
export async function startHost(name: string, options: HostOptions): Promise<Host> {
  const { folder, address, instanceId } = options;
  const engine = await startEngine(name);
  await clear(engine);
  const port = await unusedPort();
  const envFile = join(folder, `${name}.env`);
  const settings = { API_TOKEN: token, HOST: address, PORT: String(port), ...options.settings };
  writeFileSync(
    envFile,
    Object.entries(settings)
      .map((pair) => `${pair.join('=')}\n`)
      .join(''),
  );
  const sshd = await startSshServer(name, folder, address, join(folder, 'key.pub'), {
    ...engine.env,
    ENV_FILE: envFile,
    // With a higher level, the bash that runs a command over SSH does not read .bashrc, which may start version
    // managers.
    SHLVL: '1',
    AWS_EC2_METADATA_SERVICE_ENDPOINT: `${options.metadataUrl}/${name}`,
  });
  return {
    name,
    engine,
    url: `http://${address}:${port}`,
    envFile,
    instanceId,
    close: async () => {
      await sshd.stop();
    },
  };
}

/** Does the work while the env file of the host ends with these lines. */
export async function withLines<T>({ envFile }: Host, lines: string, work: () => Promise<T>): Promise<T> {
  const before = readFileSync(envFile, 'utf8');
  appendFileSync(envFile, lines);
  try {
    return await work();
  } finally {
    writeFileSync(envFile, before);
  }
}

/** Removes the containers and images from earlier runs, but keeps the build cache. */
async function clear(engine: Engine): Promise<void> {
  const lines = async (...args: string[]): Promise<string[]> =>
    (await engine.docker(...args)).split('\n').filter(Boolean);
  const containers = await lines('ps', '--all', '--quiet');
  if (containers.length > 0) await engine.docker('rm', '--force', '--volumes', ...containers);
  const images = [
    ...(await lines('images', '--quiet', 'elb-inventory')),
    ...(await lines('images', '--quiet', 'built')),
  ];
  if (images.length > 0) await engine.docker('rmi', '--force', ...new Set(images));
}

/**
 * Starts an SSH server for root whose sessions have this environment. `ssh -F folder/ssh_config NAME` connects to it.
 */
export async function startSshServer(
  name: string,
  folder: string,
  address: string,
  authorizedKeys: string,
  env: Environment,
): Promise<Running> {
  const port = await unusedPort();
  const file = (suffix: string): string => join(folder, `${name}.${suffix}`);
  await run('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', file('host-key')]);
  const settings = [
    `ListenAddress ${address}:${port}`,
    `HostKey ${file('host-key')}`,
    `AuthorizedKeysFile ${authorizedKeys}`,
    `PidFile none`,
    'StrictModes no',
    'PasswordAuthentication no',
    'UsePAM yes',
    `SetEnv ${Object.entries(env)
      .map((pair) => pair.join('='))
      .join(' ')}`,
  ];
  writeFileSync(file('sshd_config'), `${settings.join('\n')}\n`);
  mkdirSync('/run/sshd', { recursive: true });
  const sshd = start('/usr/sbin/sshd', ['-D', '-e', '-f', file('sshd_config')]);
  const client = [`Host ${name}`, `HostName ${address}`, `Port ${port}`];
  writeFileSync(join(folder, 'ssh_config'), `${client.join('\n  ')}\n`, { flag: 'a' });
  await sshd.printed(/listening/);
  return sshd;
}

/** Writes the SSH key and the SSH configuration of the operator to the folder. */
export async function makeOperator(folder: string): Promise<void> {
  await run('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', join(folder, 'key')]);
  const settings = ['Host *', 'User root', `IdentityFile ${join(folder, 'key')}`, 'IdentitiesOnly yes'];
  const hostKeys = ['StrictHostKeyChecking no', 'UserKnownHostsFile /dev/null', 'LogLevel ERROR'];
  writeFileSync(join(folder, 'ssh_config'), `${[...settings, ...hostKeys].join('\n  ')}\n`);
}

/** Starts builder.sh on the operator's machine. */
export function startBuilder(folder: string, args: readonly string[], env: Environment = {}): Running {
  const ssh = ['--ssh', `ssh -F ${join(folder, 'ssh_config')}`];
  return start(builder, [...ssh, '--repo', join(folder, 'repository'), ...args], env);
}

export function runBuilder(folder: string, args: readonly string[], env?: Environment): Promise<Finished> {
  return startBuilder(folder, args, env).finished;
}
