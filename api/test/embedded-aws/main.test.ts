import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { readOptions, UsageError } from '../../embedded-aws/options.ts';
import { startEmbeddedAws } from '../../embedded-aws/server.ts';

function start(...args: string[]) {
  return spawn(process.execPath, ['.test-build/embedded-aws.js', ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
}

async function run(...args: string[]) {
  const child = start(...args);
  const [out, err] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')]);
  return { code: child.exitCode, out, err };
}

describe('npm run embedded-aws', () => {
  it('refuses an invalid option with one sentence and exit code 2', async () => {
    const { code, out, err } = await run('--draining', 'lose');
    assert.equal(code, 2);
    assert.equal(out, '');
    assert.equal(err, "--draining takes drop, keep, not 'lose'. See --help.\n");
  });

  for (const [args, message] of [
    [['--nope'], /^Unknown option '--nope'.*$/],
    [['--port', 'x'], /^--port takes a whole number from 0 to 65535, not 'x'\.$/],
    [['--latency', '-1'], /^.*latency.*$/],
    [['--former-members', 'x'], /^--former-members takes fading, out-of-service, unknown, invalid-instance/],
  ] as const)
    it(`refuses ${args.join(' ')} with one sentence`, () => {
      assert.throws(
        () => readOptions([...args]),
        (error) => error instanceof UsageError && message.test(error.message),
      );
    });

  it('exits with 1 and one sentence if the port is in use', async () => {
    const aws = await startEmbeddedAws();
    try {
      const { code, err } = await run('--port', String(aws.port));
      assert.equal(code, 1);
      assert.match(err, /^The port is already in use; choose another one with --port.*\n$/);
    } finally {
      await aws.close();
    }
  });

  it('exits with 1 and one sentence if the host is not an address of this machine', async () => {
    const { code, err } = await run('--port', '0', '--host', '192.0.2.1');
    assert.equal(code, 1);
    assert.match(err, /does not have the address of --host\.\n$/);
  });

  it('prints its usage with --help', async () => {
    const { code, out } = await run('--help');
    assert.equal(code, 0);
    for (const option of [
      '--port',
      '--host',
      '--latency',
      '--rate-limits',
      '--elbs',
      '--instances',
      '--speed',
      ' /_control/calls',
      ' /_control/load-balancers',
      ' /_control/faults',
      '--draining',
      '--list-draining',
      '--registration-lag',
      '--former-members',
    ]) {
      assert.ok(out.includes(option), option);
    }
  });

  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    it(`prints its URL, serves requests and exits with 0 on ${signal}`, async () => {
      const child = start('--port', '0', '--elbs', '5', '--instances', '30', '--rate-limits', '--speed', '2');
      const [chunk] = (await once(child.stdout, 'data')) as [Buffer];
      const banner = chunk.toString();
      assert.match(banner, /default-elb, empty-elb, other-vpc-elb and 2 more; instances: 30/);
      const url = /aws --region us-east-1 --endpoint-url (\S+) elb describe-load-balancers/.exec(banner)?.[1];
      const response = await fetch(`${url}/_control/load-balancers`);
      assert.equal(((await response.json()) as { loadBalancers: unknown[] }).loadBalancers.length, 5);
      child.kill(signal);
      await once(child, 'close');
      assert.equal(child.exitCode, 0);
    });
  }
});
