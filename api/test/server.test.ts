import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { checkEnvFile } from '../config/check-env.ts';
import { loadDotEnv } from '../config/dot-env.ts';
import { readOptions } from '../options.ts';
import { startError } from '../start-error.ts';
import { emptyFolder, runService, spawnService } from './support/service.ts';
import { startFailure } from './support/start-failure.ts';

const run = promisify(execFile);
const base64 = (text: string) => Buffer.from(text).toString('base64');

describe('server', () => {
  describe('exits with 78 and one error sentence', () => {
    const aws = { AWS_BACKEND: 'aws', API_TOKEN: base64('tester:secret-word-of-18') };
    const rows: [what: string, env: Record<string, string>, expected: RegExp][] = [
      ['for an invalid setting', { PORT: 'http' }, /^elb-inventory cannot start\. PORT must be .*"http"\n$/],
      [
        'for several invalid settings',
        { PORT: 'x', LOG_LEVEL: 'x' },
        /^elb-inventory cannot start\. .* has 2 errors:\n {2}- PORT.*\n {2}- LOG_LEVEL.*\n$/,
      ],
      ['without a token with AWS_BACKEND=aws', { AWS_BACKEND: 'aws' }, /API_TOKEN is missing: (?!.*c3JlOm)/],
      ['with an empty token', { API_TOKEN: '' }, /API_TOKEN is empty/],
      ['with a quoted token', { API_TOKEN: `'${base64('a:b')}'` }, /API_TOKEN contains quotes/],
      [
        'with a quoted endpoint',
        { ...aws, AWS_ENDPOINT_URL_EC2: '"http://x"' },
        /AWS_ENDPOINT_URL_EC2 contains quotes/,
      ],
      ['in production without a token', { NODE_ENV: 'production' }, /API_TOKEN is missing/],
      [
        'without AWS credentials',
        { ...aws, HOME: emptyFolder() },
        /^elb-inventory cannot start\. No AWS credentials were found for AWS_BACKEND=aws: set AWS_ACCESS_KEY_ID/,
      ],
      [
        'with an AWS profile that does not exist',
        { ...aws, HOME: emptyFolder(), AWS_PROFILE: 'none' },
        /No AWS credentials were found/,
      ],
      [
        'for an address of another machine',
        { HOST: '203.0.113.1' },
        /HOST=203\.0\.113\.1 is not an address of this machine: set HOST/,
      ],
      [
        'for a host name that cannot be resolved',
        { HOST: 'no-such-host.invalid' },
        /HOST=no-such-host\.invalid cannot be resolved: set HOST/,
      ],
      [
        'for an invalid URL with a password, which it masks',
        { ...aws, AWS_ENDPOINT_URL: 'http://me:secret-word/1@proxy' },
        /AWS_ENDPOINT_URL must be .*\*\*\*@proxy/,
      ],
    ];
    for (const [what, env, expected] of rows)
      it(what, async () => {
        const { code, stdout, stderr } = await startFailure(env);
        assert.match(stderr, expected);
        assert.equal(code, 78);
        assert.equal(stdout, '');
        assert.doesNotMatch(stderr, /^\s+at |secret-word/m);
      });

    for (const [what, env, expected] of rows.filter(([what]) => /several|password/.test(what)))
      it(`in a separate process, ${what}`, async () => {
        const { code, stdout, stderr } = await spawnService(env).finished;
        assert.match(stderr, expected);
        assert.equal(code, 78);
        assert.equal(stdout, '');
        assert.doesNotMatch(stderr, /^\s+at |secret-word/m);
      });

    const keys = { ...aws, AWS_ACCESS_KEY_ID: 'AKIAX', AWS_SECRET_ACCESS_KEY: 'secret' };
    const profiles: [what: string, profile: string[], env: Record<string, string>, expected: RegExp][] = [
      [
        'a profile with FIPS and a custom endpoint',
        ['use_fips_endpoint=true'],
        { AWS_ENDPOINT_URL: 'http://x' },
        /FIPS/,
      ],
      [
        'a profile with an endpoint without a scheme',
        ['endpoint_url=localhost:4566'],
        {},
        /scheme of the endpoint is localhost:|Invalid URL/,
      ],
      ['a profile with a quoted endpoint', ['endpoint_url="http://x"'], {}, /Invalid URL/],
    ];
    for (const [what, profile, env, expected] of profiles)
      it(`for ${what}`, async () => {
        const config = join(emptyFolder(), 'config');
        writeFileSync(config, ['[default]', ...profile, ''].join('\n'));
        const { code, stderr } = await startFailure({ ...keys, ...env, AWS_CONFIG_FILE: config });
        assert.match(
          stderr,
          /^elb-inventory cannot start\. The AWS SDK cannot make a request with these settings/,
        );
        assert.match(stderr, expected);
        assert.equal(code, 78);
      });

    it('if the port is in use', async () => {
      const other = createServer();
      await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
      const port = String((other.address() as AddressInfo).port);
      const { code, stderr } = await startFailure({ PORT: port });
      other.close();
      assert.match(stderr, new RegExp(`cannot start\\. Port ${port} is already in use: .*PORT=8001\n$`));
      assert.equal(code, 78);
    });

    it('if .env cannot be read', () => {
      const folder = emptyFolder();
      mkdirSync(join(folder, '.env'));
      assert.throws(
        () => loadDotEnv(join(folder, '.env'), {}),
        (error) => {
          const { code, text } = startError(error, []);
          assert.match(
            text,
            /cannot start\. \.env cannot be read \(EISDIR\): make it a file .*, or remove it\n$/,
          );
          assert.equal(code, 78);
          return true;
        },
      );
    });

    it('for an invalid setting in .env', async () => {
      const folder = emptyFolder();
      writeFileSync(join(folder, '.env'), 'AWS_REGION=mars\n');
      const env = {};
      loadDotEnv(join(folder, '.env'), env);
      const { code, stderr } = await startFailure(env);
      assert.match(stderr, /AWS_REGION must be .*"mars"/);
      assert.equal(code, 78);
    });
  });

  it('prints its usage with --help and exits', () => {
    const { status, stdout } = runService(['--help'], {});
    assert.equal(status, 0);
    assert.match(stdout, /^Usage: node server\.js \[option\]\n/);
    assert.ok(stdout.includes('--check-env FILE') && stdout.includes('.env.example'));
  });

  for (const argv of [['--nope'], ['start'], ['--check-env']])
    it(`refuses ${argv.join(' ')} with one sentence and exit code 2`, () => {
      assert.throws(
        () => readOptions(argv),
        (error) => {
          const { code, text } = startError(error, []);
          assert.equal(code, 2);
          assert.match(text, /^.*(nope|start|check-env).* See --help\.\n$/);
          return true;
        },
      );
    });

  it('refuses an unknown option in a separate process', () => {
    const { status, stderr } = runService(['--nope'], {});
    assert.equal(status, 2);
    assert.match(stderr, /^.*nope.* See --help\.\n$/);
  });

  describe('--check-env', () => {
    const token = `API_TOKEN=${base64('tester:a-password-of-19')}`;
    const production = { NODE_ENV: 'production' };
    /** Returns the exit code and the output of --check-env without starting a process. */
    function check(text: string) {
      let warnings = '';
      try {
        checkEnvFile(
          Buffer.from(text),
          production,
          process.versions.node,
          () => '',
          (warning) => {
            warnings += `Warning: ${warning}\n`;
          },
        );
        return { status: 0, stderr: warnings };
      } catch (error) {
        const { code, text: stderr } = startError(error, []);
        return { status: code, stderr: warnings + stderr };
      }
    }

    it('exits with 0 and no output for a valid file', () => {
      const { status, stderr } = check(`# settings\n${token}\nAWS_REGION=eu-west-1\n`);
      assert.deepEqual([status, stderr], [0, '']);
    });

    it('exits with 78 and names every line that docker reads differently', () => {
      const { status, stderr } = check(`${token}\nAWS_PROFILE="prod"\nPORT=8000 # mine\nwrong\n`);
      assert.equal(status, 78);
      assert.match(
        stderr,
        /has 3 errors:\n {2}- line 2, AWS_PROFILE.*\n {2}- line 3, PORT.*\n {2}- line 4 is not/,
      );
    });

    it('exits with 78 and names every invalid setting', () => {
      const { status, stderr } = check('API_TOKEN=c3JlOmNoYW5nZS1tZQ==\nPORT=http\n');
      assert.equal(status, 78);
      assert.match(stderr, /has 2 errors:\n {2}- API_TOKEN is the public sample.*\n {2}- PORT must be/);
    });

    it('exits with 0 and warns about a misspelled name and a short password', () => {
      const { status, stderr } = check(`API_TOKEN=${base64('tester:short')}\nAWS_REGOIN=eu-west-1\n`);
      assert.equal(status, 0);
      assert.match(stderr, /Warning: line 2, AWS_REGOIN, is not a setting: did you mean AWS_REGION\?\n/);
      assert.match(stderr, /Warning: the password of "tester" is shorter than 16 bytes/);
    });

    it('reads a file and prints nothing if it is valid', () => {
      const file = join(emptyFolder(), 'settings');
      writeFileSync(file, `\uFEFF${token}\r\n`);
      const { status, stdout, stderr } = runService(['--check-env', file], production);
      assert.deepEqual([status, stdout, stderr], [0, '', '']);
    });

    it('reads standard input, warns about a misspelled name and exits with 78 for an invalid setting', () => {
      const text = `${token}\nAWS_REGOIN=eu-west-1\nPORT=http\n`;
      const { status, stdout, stderr } = runService(['--check-env', '-'], production, text);
      assert.equal(status, 78);
      assert.equal(stdout, '');
      assert.match(
        stderr,
        /^Warning: line 2, AWS_REGOIN, .*AWS_REGION\?\nelb-inventory cannot start\. PORT must be/,
      );
    });
  });

  it('logs warnings about a short password and about lines of .env at startup', async () => {
    const folder = emptyFolder();
    writeFileSync(join(folder, '.env'), `AWS_REGOIN=eu-west-1\nAWS_PROFILE_='x'\n`);
    const keys = { AWS_ACCESS_KEY_ID: 'AKIAX', AWS_SECRET_ACCESS_KEY: 'secret' };
    const env = { ...keys, AWS_BACKEND: 'aws', API_TOKEN: base64('tester:short'), LOG_LEVEL: 'info' };
    const service = spawnService({ ...env, AWS_DEFAULT_REGION: 'eu-west-3', HOME: folder }, folder);
    await service.printed(/"listening"/);
    const { stdout } = await service.stop();
    const lines = stdout.split('\n').filter((line) => line.includes('"level":40'));
    assert.equal(
      lines.filter((line) =>
        line.includes('.env: line 1, AWS_REGOIN, is not a setting: did you mean AWS_REGION?'),
      ).length,
      1,
    );
    assert.equal(lines.filter((line) => line.includes('.env: line 2, AWS_PROFILE_, has quotes')).length, 1);
    assert.equal(
      lines.filter((line) => /the password of \\"tester\\" is shorter than 16/.test(line)).length,
      1,
    );
    assert.match(stdout, /"region":"eu-west-3","regionFrom":"AWS_DEFAULT_REGION"/);
  });

  it('prints the warnings about .env if it cannot start', async () => {
    const folder = emptyFolder();
    writeFileSync(join(folder, '.env'), 'AWS_REGOIN=eu-west-1\n');
    const { code, stderr } = await spawnService({ PORT: 'eighty' }, folder).finished;
    assert.equal(code, 78);
    assert.match(
      stderr,
      /^Warning: \.env: line 1, AWS_REGOIN, is not a setting: did you mean AWS_REGION\?\nelb-inventory cannot start/,
    );
  });

  it('takes the region from the AWS profile if the environment sets none', async () => {
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
    const service = spawnService({ ...env, AWS_CONFIG_FILE: config });
    await service.printed(/"listening"/);
    const { stdout, stderr } = await service.stop();
    assert.match(stdout, /"region":"eu-north-1","regionFrom":"the AWS profile"/, stderr);
  });

  it('reloads API_TOKEN_FILE on SIGHUP and keeps the previous tokens if the file has a fault', async () => {
    const file = join(emptyFolder(), 'token');
    const tokens = { first: base64('first:one'), second: base64('second:two') };
    writeFileSync(file, `${tokens.first}\n`);
    const service = spawnService({ API_TOKEN_FILE: file, LOG_LEVEL: 'info' });
    await service.printed(/\/docs\n/);
    const [, url] = await service.printed(/curl (http\S+)\/healthcheck/);
    const statusOf = async (token: string) => {
      const headers = { Authorization: `Basic ${token}`, Connection: 'close' };
      return (await fetch(`${url}/elb/default-elb`, { headers })).status;
    };
    const statuses = () => Promise.all(Object.values(tokens).map(statusOf));
    assert.deepEqual(await statuses(), [200, 401]);
    const reload = async (text: string, expected: RegExp) => {
      writeFileSync(file, text);
      service.child.kill('SIGHUP');
      await service.printed(expected);
    };
    await reload('broken', /cannot reload API_TOKEN_FILE; the previous tokens stay valid/);
    assert.deepEqual(await statuses(), [200, 401]);
    await reload(`${tokens.first},${tokens.second}\n`, /"tokens":2,"msg":"reloaded API_TOKEN_FILE"/);
    assert.deepEqual(await statuses(), [200, 200]);
    await reload(tokens.second, /"tokens":1,"msg":"reloaded/);
    assert.deepEqual(await statuses(), [401, 200]);
    // Tokens in logged paths are also masked.
    const headers = { Authorization: `Basic ${tokens.second}`, Connection: 'close' };
    for (const token of Object.values(tokens)) await fetch(`${url}/elb/${token}`, { headers });
    const { stdout, code } = await service.stop();
    assert.equal(code, 0);
    assert.match(stdout, /"path":"\/elb\/\*\*\*/);
    for (const token of Object.values(tokens)) assert.ok(!stdout.includes(token));
  });

  it('reads settings from .env unless the environment sets them', async () => {
    const folder = emptyFolder();
    const lines = ['# a comment', 'AWS_REGION=eu-west-3', 'PORT=1', `API_TOKEN='${base64('dot:env')}'`];
    writeFileSync(join(folder, '.env'), [...lines, 'LOG_LEVEL=silent', ''].join('\n'));
    const service = spawnService({ LOG_LEVEL: 'info' }, folder);
    await service.printed(/\/docs\n/);
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

  it('passes AWS credentials in .env to the AWS SDK', async () => {
    const folder = emptyFolder();
    const credentials = ['AWS_ACCESS_KEY_ID=AKIADOTENV', 'AWS_SECRET_ACCESS_KEY=dot-env-secret'];
    const token = `API_TOKEN=${base64('dot:env')}`;
    writeFileSync(join(folder, '.env'), ['AWS_BACKEND=aws', token, ...credentials].join('\n'));
    const service = spawnService({ HOME: emptyFolder(), LOG_LEVEL: 'info' }, folder);
    await service.printed(/listening/);
    const { code, stdout, stderr } = await service.stop();
    assert.equal(code, 0);
    assert.match(stdout, /"backend":"aws"/);
    assert.equal(stderr, '', 'greeting with AWS_BACKEND=aws');
    assert.doesNotMatch(stdout, /dot-env-secret|AKIADOTENV/);
  });

  for (const [what, env] of [
    ['the sample token', {}],
    ['a token of its own', { API_TOKEN: base64('someone:secret 日本') }],
  ] as [string, Record<string, string>][])
    it(`prints curl commands that work unchanged, with ${what}`, async () => {
      const service = spawnService(env);
      await service.printed(/\/docs\n/);
      const text = service.output();
      assert.match(text, /EMBEDDED AWS: .* sample data/);
      assert.equal(/public sample/.test(text), !('API_TOKEN' in env));
      const commands = text.split('\n').filter((line) => line.startsWith('  curl '));
      commands.push(`curl ${/described at (\S+)/.exec(text)![1]!}`);
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
