import assert from 'node:assert/strict';
import { readOptions, UsageError } from '../../embedded-aws/options.ts';
import { startEmbeddedAws } from '../../embedded-aws/server.ts';
import { start } from '../support/process.ts';

const startProgram = (...args: string[]) => start(process.execPath, ['.test-build/embedded-aws.js', ...args]);
const run = (...args: string[]) => startProgram(...args).finished;

describe('npm run embedded-aws', () => {
  it('refuses an invalid option with one sentence and exit code 2', async () => {
    const { code, stdout, stderr } = await run('--draining', 'lose');
    assert.equal(code, 2);
    assert.equal(stdout, '');
    assert.equal(stderr, "--draining takes drop, keep, not 'lose'. See --help.\n");
  });

  for (const [args, message] of [
    [['--nope'], /^Unknown option '--nope'.*$/],
    [['--port', 'x'], /^--port must be a whole number from 0 to 65535, not 'x'\.$/],
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
      const { code, stderr } = await run('--port', String(aws.port));
      assert.equal(code, 1);
      assert.match(stderr, /^The port is already in use; choose another port with --port.*\n$/);
    } finally {
      await aws.close();
    }
  });

  it('exits with 1 and one sentence if the host is not an address of this machine', async () => {
    const { code, stderr } = await run('--port', '0', '--host', '192.0.2.1');
    assert.equal(code, 1);
    assert.match(stderr, /The address in --host is not an address of this machine\.\n$/);
  });

  it('prints its usage with --help', async () => {
    const { code, stdout } = await run('--help');
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
      assert.ok(stdout.includes(option), option);
    }
  });

  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    it(`prints its URL, serves requests and exits with 0 on ${signal}`, async () => {
      const size = ['--elbs', '5', '--instances', '30'];
      const { printed, stop } = startProgram('--port', '0', ...size, '--rate-limits', '--speed', '2');
      await printed(/default-elb, empty-elb, other-vpc-elb and 2 more; instances: 30/);
      const [, url] = await printed(
        /aws --region us-east-1 --endpoint-url (\S+) elb describe-load-balancers/,
      );
      const response = await fetch(`${url}/_control/load-balancers`);
      assert.equal(((await response.json()) as { loadBalancers: unknown[] }).loadBalancers.length, 5);
      assert.equal((await stop(signal)).code, 0);
    });
  }
});
