import { execFileSync, spawnSync } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const stubs = [
  'aws',
  'dnf',
  'systemctl',
  'amazon-cloudwatch-agent-ctl',
  'cloud-init',
  'dd',
  'mkswap',
  'swapon',
  'sleep',
];
const repository = 'https://git.example.com/sre/elb-inventory.git';

/** A machine whose first boot ran in a container without a network. Call `remove` afterwards. */
export class Machine {
  readonly status: number | null;
  readonly output: string;
  /** The calls that the stubs recorded. */
  readonly calls: readonly string[];
  private readonly folder = mkdtempSync(join(tmpdir(), 'boot-'));

  /**
   * Uses bash, git and other programs of this machine, and stubs for Amazon Linux and AWS, which fail for `faults`. The
   * repository is local and has the tag v1.2.3.
   */
  constructor(docker: NodeJS.ProcessEnv, script: string, token: string, faults: readonly string[]) {
    const at = (...path: string[]) => join(this.folder, ...path);
    mkdirSync(at('bin'));
    mkdirSync(at('left'));
    for (const name of stubs) copyProgram('stand-in.sh', at('bin', name));
    copyProgram('in-container.sh', at('in-container.sh'));
    writeFileSync(at('user-data.sh'), script);
    writeFileSync(at('faults'), faults.join('\n'));
    writeFileSync(at('calls'), '');
    makeRepository(at('repository'), faults.includes('git') ? 'v9.9.9' : 'v1.2.3');
    const env = {
      PATH: '/stand/bin:/usr/sbin:/usr/bin',
      STAND_IN_TOKEN: token,
      // git clones the local repository for every address, and accepts files of another user.
      GIT_CONFIG_COUNT: '2',
      GIT_CONFIG_KEY_0: 'url./stand/repository.insteadOf',
      GIT_CONFIG_VALUE_0: repository,
      GIT_CONFIG_KEY_1: 'safe.directory',
      GIT_CONFIG_VALUE_1: '*',
    };
    const options = Object.entries(env).flatMap(([name, value]) => ['--env', `${name}=${value}`]);
    const { status, stdout, stderr } = spawnSync(
      'docker',
      [
        ...[
          'run',
          '--rm',
          '--network',
          'none',
          '--volume',
          `${this.folder}:/stand`,
          '--volume',
          '/usr:/usr:ro',
        ],
        ...options,
        ...['node:24-bookworm-slim', 'bash', '/stand/in-container.sh'],
      ],
      { env: docker, encoding: 'utf8' },
    );
    this.status = status;
    this.output = stdout + stderr;
    this.calls = readFileSync(at('calls'), 'utf8').split('\n').filter(Boolean);
  }

  file(path: string): string {
    return readFileSync(join(this.folder, 'left', path), 'utf8');
  }

  /** Returns the permissions of a file in octal. */
  mode(path: string): string {
    return (statSync(join(this.folder, 'left', path)).mode & 0o777).toString(8);
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}

function copyProgram(from: string, to: string): void {
  copyFileSync(join(__dirname, from), to);
  chmodSync(to, 0o755);
}

function makeRepository(folder: string, tag: string): void {
  mkdirSync(join(folder, 'scripts'), { recursive: true });
  copyProgram('builder-stand-in.sh', join(folder, 'scripts/builder.sh'));
  const identity = ['-c', 'user.name=Test', '-c', 'user.email=test@example.com'];
  const git = (...args: string[]) =>
    execFileSync('git', [...identity, ...args], { cwd: folder, stdio: 'pipe' });
  git('init', '--quiet', '--initial-branch', 'main');
  git('add', '--all');
  git('commit', '--quiet', '--message', 'A stand-in');
  git('tag', tag);
  // The branch has another version than the tag.
  writeFileSync(join(folder, 'scripts/builder.sh'), '#!/bin/sh\nexit 99\n');
  git('commit', '--quiet', '--all', '--message', 'Later');
}
