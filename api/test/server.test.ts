import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { until } from './http/raw-connection.ts';
import { emptyFolder, runService, spawnService } from './support/service.ts';

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
  return { child, written, ended, says, stop };
}

describe('The process', () => {
  describe('exits with 78 and one sentence, and does not listen,', () => {
    const aws = { AWS_BACKEND: 'aws', API_TOKEN: base64('tester:secret-word-of-18') };
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
      ['without a token for aws', { AWS_BACKEND: 'aws' }, /API_TOKEN is missing: (?!.*c3JlOm)/],
      ['with an empty token', { API_TOKEN: '' }, /API_TOKEN is empty/],
      ['with a token that has its quotes', { API_TOKEN: `'${base64('a:b')}'` }, /API_TOKEN has quotes/],
      [
        'with a quoted endpoint',
        { ...aws, AWS_ENDPOINT_URL_EC2: '"http://x"' },
        /AWS_ENDPOINT_URL_EC2 has quotes/,
      ],
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
      [
        'with a password in a URL that is none, and masks it',
        { ...aws, AWS_ENDPOINT_URL: 'http://me:secret-word/1@proxy' },
        /AWS_ENDPOINT_URL must be .*\*\*\*@proxy/,
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

    const keys = { ...aws, AWS_ACCESS_KEY_ID: 'AKIAX', AWS_SECRET_ACCESS_KEY: 'secret' };
    const profiles: [what: string, profile: string[], env: Record<string, string>, says: RegExp][] = [
      [
        'a profile wants FIPS beside an endpoint',
        ['use_fips_endpoint=true'],
        { AWS_ENDPOINT_URL: 'http://x' },
        /FIPS/,
      ],
      [
        'a profile has an endpoint without scheme',
        ['endpoint_url=localhost:4566'],
        {},
        /localhost: is not a scheme|Invalid URL/,
      ],
      ['a profile has an endpoint in quotes', ['endpoint_url="http://x"'], {}, /Invalid URL/],
    ];
    for (const [what, profile, env, says] of profiles)
      it(`where ${what}, which the AWS SDK reports at the first request`, async () => {
        const config = join(emptyFolder(), 'config');
        writeFileSync(config, ['[default]', ...profile, ''].join('\n'));
        const { code, stderr } = await start({ ...keys, ...env, AWS_CONFIG_FILE: config }).ended;
        assert.match(
          stderr,
          /^elb-inventory cannot start\. The AWS SDK cannot make a request as it is configured/,
        );
        assert.match(stderr, says);
        assert.equal(code, 78);
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

  it('shows its options with --help, and starts nothing', () => {
    const { status, stdout } = runService(['--help'], {});
    assert.equal(status, 0);
    assert.match(stdout, /^Usage: node server\.js \[option\]\n/);
    assert.ok(stdout.includes('--check-env FILE') && stdout.includes('.env.example'));
  });

  for (const argv of [['--nope'], ['start'], ['--check-env']])
    it(`refuses ${argv.join(' ')} in one sentence, with exit code 2`, () => {
      const { status, stderr } = runService(argv, {});
      assert.equal(status, 2);
      assert.match(stderr, /^.*(nope|start|check-env).* See --help\.\n$/);
    });

  describe('checks an env file with --check-env as docker run --env-file reads it', () => {
    const token = `API_TOKEN=${base64('tester:a-password-of-19')}`;
    const production = { NODE_ENV: 'production' };
    const check = (text: string) => runService(['--check-env', '-'], production, text);

    it('and ends with 0 and not a word where it has no fault', () => {
      const { status, stdout, stderr } = check(`# settings\n${token}\nAWS_REGION=eu-west-1\n`);
      assert.deepEqual([status, stdout, stderr], [0, '', '']);
    });

    it('and ends with 78 and every line that docker would read differently', () => {
      const { status, stderr } = check(`${token}\nAWS_PROFILE="prod"\nPORT=8000 # mine\nwrong\n`);
      assert.equal(status, 78);
      assert.match(
        stderr,
        /has 3 faults:\n {2}- line 2, AWS_PROFILE.*\n {2}- line 3, PORT.*\n {2}- line 4 is no/,
      );
    });

    it('and ends with 78 and every setting with which the service would not start', () => {
      const { status, stderr } = check('API_TOKEN=c3JlOmNoYW5nZS1tZQ==\nPORT=http\n');
      assert.equal(status, 78);
      assert.match(stderr, /has 2 faults:\n {2}- PORT must be .*\n {2}- API_TOKEN is the public sample/);
    });

    it('and warns of what is only suspicious', () => {
      const { status, stderr } = check(`API_TOKEN=${base64('tester:short')}\nAWS_REGOIN=eu-west-1\n`);
      assert.equal(status, 0);
      assert.match(stderr, /Warning: line 2, AWS_REGOIN, is no setting: is AWS_REGION meant\?\n/);
      assert.match(stderr, /Warning: the password of "tester" is shorter than 16 bytes/);
    });

    it('from a file', () => {
      const file = join(emptyFolder(), 'settings');
      writeFileSync(file, `\uFEFF${token}\r\n`);
      assert.equal(runService(['--check-env', file], production).status, 0);
    });
  });

  it('warns at the start of a short password, and of a name and a line of .env', async () => {
    const folder = emptyFolder();
    writeFileSync(join(folder, '.env'), `AWS_REGOIN=eu-west-1\nAWS_PROFILE_='x'\n`);
    const keys = { AWS_ACCESS_KEY_ID: 'AKIAX', AWS_SECRET_ACCESS_KEY: 'secret' };
    const env = { ...keys, AWS_BACKEND: 'aws', API_TOKEN: base64('tester:short'), LOG_LEVEL: 'info' };
    const service = start({ ...env, AWS_DEFAULT_REGION: 'eu-west-3', HOME: folder }, folder);
    await until(() => service.written.stdout.includes('"listening"'));
    const { stdout } = await service.stop();
    const lines = stdout.split('\n').filter((line) => line.includes('"level":40'));
    assert.equal(
      lines.filter((line) => line.includes('.env: line 1, AWS_REGOIN, is no setting: is AWS_REGION meant?'))
        .length,
      1,
    );
    assert.equal(lines.filter((line) => line.includes('.env: line 2, AWS_PROFILE_, has quotes')).length, 1);
    assert.equal(
      lines.filter((line) => /the password of \\"tester\\" is shorter than 16/.test(line)).length,
      1,
    );
    assert.match(stdout, /"region":"eu-west-3","regionFrom":"AWS_DEFAULT_REGION"/);
  });

  it('names a misspelt name of .env when the start fails', async () => {
    const folder = emptyFolder();
    writeFileSync(join(folder, '.env'), 'AWS_REGOIN=eu-west-1\n');
    const { code, stderr } = await start({ PORT: 'eighty' }, folder).ended;
    assert.equal(code, 78);
    assert.match(
      stderr,
      /^Warning: \.env: line 1, AWS_REGOIN, is no setting: is AWS_REGION meant\?\nelb-inventory cannot start/,
    );
  });

  it('takes the region of the AWS profile where the environment has none', async () => {
    const config = join(emptyFolder(), 'config');
    writeFileSync(
      config,
      '[profile prod]\nregion=eu-north-1\naws_access_key_id=AKIAX\naws_secret_access_key=secret\n',
    );
    const keys = { AWS_ACCESS_KEY_ID: 'AKIAX', AWS_SECRET_ACCESS_KEY: 'secret', AWS_PROFILE: 'prod' };
    const env = {
      ...keys,
      AWS_BACKEND: 'aws',
      API_TOKEN: base64('tester:0123456789abcdef'),
      LOG_LEVEL: 'info',
    };
    const service = start({ ...env, AWS_CONFIG_FILE: config });
    await Promise.race([until(() => service.written.stdout.includes('"listening"')), service.ended]);
    const { stdout, stderr } = await service.stop();
    assert.match(stdout, /"region":"eu-north-1","regionFrom":"the AWS profile"/, stderr);
  });

  it('reads API_TOKEN_FILE again on SIGHUP, and keeps the tokens where the file has a fault', async () => {
    const file = join(emptyFolder(), 'token');
    const tokens = { first: base64('first:one'), second: base64('second:two') };
    writeFileSync(file, `${tokens.first}\n`);
    const service = start({ API_TOKEN_FILE: file, LOG_LEVEL: 'info' });
    await service.says(/\/docs\n/);
    const url = /curl (http\S+)\/healthcheck/.exec(service.written.stderr)![1]!;
    const statusOf = async (token: string) => {
      const headers = { Authorization: `Basic ${token}`, Connection: 'close' };
      return (await fetch(`${url}/elb/default-elb`, { headers })).status;
    };
    const statuses = () => Promise.all(Object.values(tokens).map(statusOf));
    assert.deepEqual(await statuses(), [200, 401]);
    const again = async (text: string, says: string) => {
      writeFileSync(file, text);
      service.child.kill('SIGHUP');
      await until(() => service.written.stdout.includes(says));
    };
    await again('broken', 'API_TOKEN_FILE has a fault; the earlier tokens stay valid');
    assert.deepEqual(await statuses(), [200, 401]);
    await again(
      `${tokens.first},${tokens.second}\n`,
      '"tokens":2,"msg":"the tokens of API_TOKEN_FILE were read again"',
    );
    assert.deepEqual(await statuses(), [200, 200]);
    await again(tokens.second, '"tokens":1,"msg":"the tokens');
    assert.deepEqual(await statuses(), [401, 200]);
    // A path is logged as it came.
    const headers = { Authorization: `Basic ${tokens.second}`, Connection: 'close' };
    for (const token of Object.values(tokens)) await fetch(`${url}/elb/${token}`, { headers });
    const { stdout, code } = await service.stop();
    assert.equal(code, 0);
    assert.match(stdout, /"path":"\/elb\/\*\*\*/);
    for (const token of Object.values(tokens)) assert.ok(!stdout.includes(token));
  });

  it('takes what .env says, except where the environment says otherwise', async () => {
    const folder = emptyFolder();
    const lines = ['# a comment', 'AWS_REGION=eu-west-3', 'PORT=1', `API_TOKEN='${base64('dot:env')}'`];
    writeFileSync(join(folder, '.env'), [...lines, 'LOG_LEVEL=silent', ''].join('\n'));
    const service = start({ LOG_LEVEL: 'info' }, folder);
    await service.says(/\/docs\n/);
    const { code, stdout, stderr } = await service.stop();
    assert.equal(code, 0);
    const [quotes, listening] = stdout
      .split('\n')
      .slice(0, 2)
      .map((line) => JSON.parse(line) as Record<string, unknown>) as [
      Record<string, unknown>,
      Record<string, unknown>,
    ];
    assert.match(
      String(quotes['msg']),
      /^\.env: line 4, API_TOKEN, has quotes around its value, which docker/,
    );
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
