import assert from 'node:assert/strict';
import { once } from 'node:events';
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { makeOperator, startSshServer } from './hosts.ts';
import { type Environment, run, type Running } from '../../../api/test/support/process.ts';
import { type Ended, makeSmallRepository, makeStandIn, runOn, type StandIn } from './stand-ins.ts';

const possible = process.getuid?.() === 0 && existsSync('/usr/sbin/sshd');
const here = 'i-0b22a22eec53b9321';
/** A message of the day whose last line does not end with a newline. */
const banner = String.raw`echo Welcome; printf 'to host> '`;

/** Login shells and forced commands for root on the host, each with its own key. */
const sessions = {
  sh: '/bin/sh -c "$SSH_ORIGINAL_COMMAND"',
  fish: '/usr/bin/fish -c "$SSH_ORIGINAL_COMMAND"',
  tcsh: '/usr/bin/tcsh -c "$SSH_ORIGINAL_COMMAND"',
  banner: `${banner}; eval "$SSH_ORIGINAL_COMMAND"; echo; echo Bye`,
  'please-login': 'echo \'Please login as the user "ec2-user" rather than the user "root".\'',
  echoes: 'echo "denied: $SSH_ORIGINAL_COMMAND"',
  nologin: 'echo This account is currently not available.; exit 1',
} as const;
type Session = keyof typeof sessions;

describe('builder.sh over SSH', function () {
  this.timeout(60_000);
  let folder: string;
  let host: StandIn;
  let operator: StandIn;
  let sshd: Running;
  let api: Server;
  let repository: string;
  let url: string;

  before(async function () {
    if (!possible) this.skip();
    folder = mkdtempSync(join(tmpdir(), 'elb inventory ssh-'));
    const plain = mkdtempSync(join(tmpdir(), 'elb-inventory-ssh-'));
    host = makeStandIn(join(plain, 'host'));
    operator = makeStandIn(join(plain, 'operator'));
    await makeOperator(plain);
    const authorized = join(plain, 'authorized_keys');
    for (const [name, command] of Object.entries(sessions)) {
      const key = join(plain, name);
      await run('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', key]);
      const options = `command="${command.replaceAll('"', String.raw`\"`)}"`;
      appendFileSync(authorized, `${options} ${readFileSync(`${key}.pub`, 'utf8')}`);
    }
    repository = join(plain, 'repository');
    await makeSmallRepository(repository);
    const members = [here, 'i-0c4d1e7f8a9b03562'].map((instanceId) => ({ instanceId, state: 'InService' }));
    const answers: Record<string, string> = {
      '/latest/api/token': 'metadata-token',
      '/latest/meta-data/instance-id': here,
      '/elb/fleet/health': JSON.stringify({ message: members }),
    };
    api = createServer(({ url }, response) => {
      response.writeHead(200, { Connection: 'close' }).end(answers[url ?? '']);
    }).listen(0, '127.0.0.1');
    await once(api, 'listening');
    url = `http://127.0.0.1:${(api.address() as AddressInfo).port}`;
    sshd = await startSshServer('server', plain, '127.0.0.1', authorized, {
      ...host.env,
      AWS_EC2_METADATA_SERVICE_ENDPOINT: url,
    });
    const port = /Port (\d+)/.exec(readFileSync(join(plain, 'ssh_config'), 'utf8'))?.[1] ?? '';
    const config = Object.keys(sessions).map((name) =>
      [
        `Host ${name}`,
        'HostName 127.0.0.1',
        `Port ${port}`,
        'User root',
        `IdentityFile ${join(plain, name)}`,
      ].join('\n  '),
    );
    const everywhere =
      'Host *\n  IdentitiesOnly yes\n  StrictHostKeyChecking no\n  UserKnownHostsFile /dev/null\n  LogLevel ERROR\n';
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, 'ssh_config'), `${config.join('\n')}\n${everywhere}`);
  });
  after(async () => {
    if (!possible) return;
    sshd.child.kill();
    api.close();
    await sshd.finished;
    for (const machine of [host, operator]) machine.remove();
    for (const path of [folder, join(host.folder, '..')]) rmSync(path, { recursive: true });
  });

  const through = (session: Session, args: string[] = [], env: Environment = {}): Promise<Ended> => {
    const ssh = `ssh -F '${join(folder, 'ssh_config')}'`;
    const all = ['--ssh', ssh, '--repo', repository, '--host', session, ...args];
    return runOn(operator, all, { API_TOKEN: 'x', ...env });
  };
  for (const session of ['sh', 'fish', 'tcsh', 'banner'] as const)
    it(`runs on a host whose login shell is ${session}`, async function () {
      if (['fish', 'tcsh'].includes(session) && !existsSync(`/usr/bin/${session}`)) this.skip();
      const { code, output } = await through(session, ['--dry-run']);
      assert.equal(code, 0, output);
      assert.match(output, new RegExp(`^${session}: .*would start it with ${host.folder}/env`, 'm'));
      assert.doesNotMatch(output, /Welcome|Bye|begin-|end-/);
    });

  for (const [session, says] of [
    ['please-login', 'Please login as the user "ec2-user"'],
    ['echoes', 'denied: sh -c'],
    ['nologin', 'This account is currently not available'],
  ] as const)
    it(`exits with 4 and shows the output of a host that runs no command: ${session}`, async () => {
      for (const more of [[], ['--dry-run']]) {
        const { code, output } = await through(session, more);
        assert.equal(code, 4, output);
        assert.ok(output.includes(says), output);
        assert.match(output, /does not run commands; try .*check the key, the host key, the login shell/);
      }
    });

  it('sends an image through a login shell that prints a banner', async () => {
    writeFileSync(join(operator.folder, 'image'), 'sha256:abc\n');
    const bytes = `${'image'.repeat(1000)}\nwithout a last newline`;
    writeFileSync(join(operator.folder, 'saved'), bytes);
    const image = (): Promise<Ended> => through('banner', ['--image']);
    assert.match((await image()).output, /sent the image of/);
    const loaded = await run('gunzip', ['-c', join(host.folder, 'loaded')]);
    assert.equal(loaded, bytes);
    writeFileSync(join(host.folder, 'image'), 'sha256:abc\n');
    assert.match((await image()).output, /has the image of/);
    for (const { folder } of [host, operator]) rmSync(join(folder, 'image'));
  });

  it('reads the instance id through a login shell that prints a banner', async () => {
    const elb = ['--elb', 'fleet', '--api', url, '--no-standby', '--dry-run'];
    const { code, output } = await through('banner', elb);
    assert.equal(code, 0, output);
    assert.ok(output.includes(`would take ${here} out of fleet`), output);
  });

  it('does not take a host out of its load balancer when --image has nothing to send', async () => {
    const elb = ['--elb', 'fleet', '--api', url, '--no-standby'];
    const { code, output } = await through('sh', ['--image', '--ref', 'no-such-ref', ...elb]);
    assert.equal(code, 5, output);
    assert.doesNotMatch(output, /fleet/);
  });

  it('keeps the agent of ssh -A when it uses sudo', async () => {
    host.put('id', '[ "$1" = -u ] && echo 1000');
    host.put('sudo', `[ "$1" = -n ] && shift && exec env -i PATH="$PATH" FOLDER='${host.folder}' "$@"`);
    host.put('git', 'ssh-add -l >"$FOLDER/keys"; exit 1');
    const agent = await run('ssh-agent', ['-s']);
    const [, socket = ''] = /SSH_AUTH_SOCK=([^;]+)/.exec(agent) ?? [];
    const [, pid = ''] = /SSH_AGENT_PID=(\d+)/.exec(agent) ?? [];
    try {
      const ssh = `ssh -A -F '${join(folder, 'ssh_config')}'`;
      await run('ssh-add', ['-q', join(host.folder, '../key')], { SSH_AUTH_SOCK: socket });
      const { output } = await through('sh', ['--ssh', ssh, '--env-file', join(host.folder, 'env')], {
        SSH_AUTH_SOCK: socket,
      });
      assert.match(readFileSync(join(host.folder, 'keys'), 'utf8'), /ED25519/, output);
    } finally {
      process.kill(Number(pid));
      for (const name of ['id', 'sudo', 'git']) rmSync(join(host.folder, 'bin', name));
    }
  });
});
