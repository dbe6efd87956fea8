import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { until } from './http/raw-connection.ts';
import { emptyFolder, spawnService } from './support/service.ts';

const run = promisify(execFile);
const base64 = (text: string) => Buffer.from(text).toString('base64');

/** The process, and what it has written so far. */
function start(env: Record<string, string>, cwd?: string) {
  const child = spawnService(env, cwd);
  const written = { stdout: '', stderr: '' };
  child.stdout!.on('data', (chunk: Buffer) => (written.stdout += chunk.toString()));
  child.stderr!.on('data', (chunk: Buffer) => (written.stderr += chunk.toString()));
  const closed = once(child, 'close') as Promise<[number | null]>;
  const ended = closed.then(([code]) => ({ code, ...written }));
  /** Resolves when standard error fits; ends the test if the process ends before. */
  const says = async (pattern: RegExp): Promise<void> => {
    const over = ended.then(({ stderr }) => assert.fail(`it ended: ${stderr}`));
    while (!pattern.test(written.stderr)) await Promise.race([once(child.stderr!, 'data'), over]);
  };
  const stop = async () => {
    child.kill('SIGTERM');
    return ended;
  };
  return { written, ended, says, stop };
}

describe('The process', () => {
  describe('exits with 78 and one sentence, and does not listen,', () => {
    const aws = { AWS_BACKEND: 'aws', API_TOKEN: base64('tester:secret-word') };
    const rows: [what: string, env: Record<string, string>, says: RegExp][] = [
      [
        'on a fault of configuration',
        { PORT: 'http' },
        /^elb-inventory cannot start\. PORT must be .*"http"\n$/,
      ],
      [
        'on several',
        { PORT: 'x', LOG_LEVEL: 'x' },
        /^elb-inventory cannot start\. .* has 2 faults:\n {2}- PORT.*\n {2}- LOG_LEVEL.*\n$/,
      ],
      ['without a token for aws', { AWS_BACKEND: 'aws' }, /API_TOKEN is missing/],
      ['in production without a token', { NODE_ENV: 'production' }, /API_TOKEN is missing/],
      [
        'without AWS credentials',
        { ...aws, HOME: emptyFolder() },
        /^elb-inventory cannot start\. No AWS credentials were found for AWS_BACKEND=aws: set AWS_ACCESS_KEY_ID/,
      ],
      [
        'with an AWS profile that is not there',
        { ...aws, HOME: emptyFolder(), AWS_PROFILE: 'none' },
        /No AWS credentials were found/,
      ],
      [
        'on an address of another machine',
        { HOST: '203.0.113.1' },
        /HOST=203\.0\.113\.1 is no address of this machine: set HOST/,
      ],
      [
        'on a name that is not known',
        { HOST: 'no-such-host.invalid' },
        /HOST=no-such-host\.invalid is no known name: set HOST/,
      ],
    ];
    for (const [what, env, says] of rows)
      it(what, async () => {
        const { code, stdout, stderr } = await start(env).ended;
        assert.match(stderr, says);
        assert.equal(code, 78);
        assert.equal(stdout, '');
        assert.doesNotMatch(stderr, /^\s+at |secret-word/m);
      });

    it('on a taken port', async () => {
      const other = createServer();
      await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
      const port = String((other.address() as AddressInfo).port);
      const { code, stderr } = await start({ PORT: port }).ended;
      other.close();
      assert.match(
        stderr,
        new RegExp(`cannot start\\. Port ${port} is taken by another program: .*PORT=8001\n$`),
      );
      assert.equal(code, 78);
    });

    it('on an unreadable .env', async () => {
      const folder = emptyFolder();
      mkdirSync(join(folder, '.env'));
      const { code, stderr } = await start({}, folder).ended;
      assert.match(
        stderr,
        /cannot start\. \.env cannot be read \(EISDIR\): make it a file .*, or remove it\n$/,
      );
      assert.equal(code, 78);
    });

    it('on a fault in .env', async () => {
      const folder = emptyFolder();
      writeFileSync(join(folder, '.env'), 'AWS_REGION=mars\n');
      const { code, stderr } = await start({}, folder).ended;
      assert.match(stderr, /AWS_REGION must be .*"mars"/);
      assert.equal(code, 78);
    });
  });

  it('takes what .env says, except where the environment says otherwise', async () => {
    const folder = emptyFolder();
    const lines = ['# a comment', 'AWS_REGION=eu-west-3', 'PORT=1', `API_TOKEN='${base64('dot:env')}'`];
    writeFileSync(join(folder, '.env'), [...lines, 'LOG_LEVEL=silent', ''].join('\n'));
    const service = start({ LOG_LEVEL: 'info' }, folder);
    await service.says(/\/docs\n/);
    const { code, stdout, stderr } = await service.stop();
    assert.equal(code, 0);
    const listening = JSON.parse(stdout.split('\n')[0]!) as Record<string, unknown>;
    assert.equal(listening['msg'], 'listening');
    assert.equal(listening['region'], 'eu-west-3');
    assert.equal(listening['backend'], 'embedded');
    assert.notEqual(listening['port'], 1);
    assert.doesNotMatch(stderr, /public sample/);
  });

  it('gives .env to the AWS SDK, which reads the environment itself', async () => {
    const folder = emptyFolder();
    const credentials = ['AWS_ACCESS_KEY_ID=AKIADOTENV', 'AWS_SECRET_ACCESS_KEY=dot-env-secret'];
    const token = `API_TOKEN=${base64('dot:env')}`;
    writeFileSync(join(folder, '.env'), ['AWS_BACKEND=aws', token, ...credentials].join('\n'));
    const service = start({ HOME: emptyFolder(), LOG_LEVEL: 'info' }, folder);
    await until(() => service.written.stdout.includes('listening'));
    const { code, stdout, stderr } = await service.stop();
    assert.equal(code, 0);
    assert.match(stdout, /"backend":"aws"/);
    assert.equal(stderr, '', 'no greeting with the real AWS');
    assert.doesNotMatch(stdout, /dot-env-secret|AKIADOTENV/);
  });

  for (const [what, env] of [
    ['the sample token', {}],
    ['a token of its own', { API_TOKEN: base64('someone:secret 日本') }],
  ] as [string, Record<string, string>][])
    it(`greets with curl lines that work as they stand, with ${what}`, async () => {
      const service = start(env);
      await service.says(/\/docs\n/);
      const { stderr } = service.written;
      assert.match(stderr, /EMBEDDED AWS: .* made up/);
      assert.equal(/public sample/.test(stderr), !('API_TOKEN' in env));
      const commands = stderr.split('\n').filter((line) => line.startsWith('  curl '));
      commands.push(`curl ${/described at (\S+)/.exec(stderr)![1]!}`);
      const statuses: string[] = [];
      for (const command of commands) {
        const shell = `${command} -sS -o /dev/null -w '%{http_code}'`;
        const { stdout } = await run('sh', ['-c', shell], { env: { PATH: process.env['PATH'], ...env } });
        statuses.push(stdout);
      }
      assert.deepEqual(statuses, ['200', '200', '201', '201', '200']);
      const output = await service.stop();
      assert.equal(output.code, 0);
      if (env['API_TOKEN'] !== undefined)
        for (const secret of [env['API_TOKEN'], 'secret', '日本'])
          assert.ok(!(output.stdout + output.stderr).includes(secret), secret);
    });
});
