import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import type { RequestListener } from 'node:http';
import { join } from 'node:path';
import { startEmbeddedAws } from '../../embedded-aws/server.ts';
import { systemClock } from '../../clock.ts';
import { startLocalServer } from '../support/local-server.ts';
import {
  emptyFolder,
  messageOf,
  type Service,
  spawnService,
  startService,
  startServiceProcess,
  token,
} from '../support/service.ts';
import { startFailure, withEnvironment } from '../support/start-failure.ts';

type Env = Record<string, string>;
const keys = { AWS_ACCESS_KEY_ID: 'AKIAENVIRONMENT0', AWS_SECRET_ACCESS_KEY: 'secret-of-the-environment' };

const startFault = (env: Env) =>
  startFailure({ AWS_BACKEND: 'aws', API_TOKEN: token, HOME: emptyFolder(), ...env });

/** Returns the environment for a profile "ops" whose credential_process is this shell script. */
function withProcess(script: string): Env {
  const home = emptyFolder();
  const program = join(home, 'program');
  writeFileSync(program, `#!/bin/sh\n${script}\n`);
  chmodSync(program, 0o700);
  mkdirSync(join(home, '.aws'));
  writeFileSync(join(home, '.aws', 'config'), `[profile ops]\ncredential_process = ${program} --pin 4711\n`);
  return { HOME: home, AWS_PROFILE: 'ops' };
}

/** Calls `use` with the environment of a container that has this credential endpoint. */
async function withEndpoint<T>(answer: RequestListener, use: (env: Env) => Promise<T>): Promise<T> {
  const server = await startLocalServer(answer);
  try {
    return await use({ AWS_CONTAINER_CREDENTIALS_FULL_URI: `${server.url}/creds?key=hidden` });
  } finally {
    server.close();
  }
}

/**
 * Returns the environment for a profile whose credential_process returns keys with this expiry, in the format of `date
 * -d`, and a function that makes the process run `then` instead.
 */
function withExpiringKeys(then: string, expiry: string): { env: Env; breakProcess: () => void } {
  const flag = join(emptyFolder(), 'flag');
  const credentials = '"Version": 1, "AccessKeyId": "AKIAPROCESS00000", "SecretAccessKey": "secret"';
  const env = withProcess(`
    if [ -e ${flag} ]; then ${then}; fi
    printf '{${credentials}, "Expiration": "%s"}' "$(date -u -d '${expiry}' +%Y-%m-%dT%H:%M:%SZ)"`);
  return {
    env: { ...env, AWS_ACCESS_KEY_ID: '', AWS_SECRET_ACCESS_KEY: '' },
    breakProcess: () => {
      writeFileSync(flag, '');
    },
  };
}

/** Repeats a DELETE until the response has the error code no_aws_credentials. Calls `before` before each request. */
async function refusal(service: Service, before: () => void): Promise<Response> {
  for (;;) {
    before();
    const response = await service.request('/elb/default-elb?instanceId=i-5203422c', { method: 'DELETE' });
    if (response.headers.get('error-code') === 'no_aws_credentials') return response;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

describe('The service with AWS credentials', () => {
  describe('exits with 78 and names the source', () => {
    const processes: [what: string, script: string, expected: RegExp][] = [
      [
        'fails',
        'echo "Traceback:" >&2; echo "  token service is down" >&2; exit 3',
        /the credential_process of the profile "ops" failed: Traceback: token service is down\n$/,
      ],
      [
        'fails without output',
        'exit 3',
        /"ops" failed: it exited with an error and no output on standard error/,
      ],
      ['prints no JSON', 'echo "AccessKeyId=AKIA"', /"ops" failed: .*returned invalid JSON/],
      ['prints nothing', 'exit 0', /"ops" failed: .*returned invalid JSON/],
      ['prints another version', `echo '{"Version": 2}'`, /"ops" failed: .*did not return Version 1/],
      [
        'writes a secret to standard error',
        `echo '{"SecretAccessKey": "wJalrXUtnFEMI", "SessionToken": "IQoJb3JpZ2lu"}' >&2; exit 1`,
        /"SecretAccessKey": "\*\*\*", "SessionToken": "\*\*\*"/,
      ],
    ];
    for (const [what, script, expected] of processes)
      it(`if the credential_process ${what}`, async () => {
        const { code, stderr } = await startFault(withProcess(script));
        assert.match(
          stderr,
          /^elb-inventory cannot start\. No AWS credentials were found for AWS_BACKEND=aws: /,
        );
        assert.match(stderr, expected);
        assert.doesNotMatch(stderr, /4711|set AWS_ACCESS_KEY_ID/);
        assert.equal(code, 78);
      });

    it('if the credential_process of a service in a separate process fails', async () => {
      const env = { AWS_BACKEND: 'aws', API_TOKEN: token, ...withProcess('exit 3') };
      const { code, stderr } = await spawnService(env).finished;
      assert.match(
        stderr,
        /^elb-inventory cannot start\. .*the credential_process of the profile "ops" failed/,
      );
      assert.equal(code, 78);
    });

    it('if the credential_process hangs, after a warning', async () => {
      const env = withProcess('exec sleep 5');
      const { code, stdout, stderr } = await startFault({ ...env, AWS_CREDENTIALS_TIMEOUT_MS: '2000' });
      assert.match(
        stdout,
        /waiting for AWS credentials from the credential_process of the profile \\"ops\\"/,
      );
      assert.match(stderr, /the credential_process of the profile "ops" did not respond within 2 s\n$/);
      assert.equal(code, 78);
    });

    const endpoints: [what: string, answer: RequestListener, expected: RegExp][] = [
      [
        'does not answer',
        () => undefined,
        /endpoint http:\/\/127\.0\.0\.1:\d+\/creds did not respond within 0\.5 s\n$/,
      ],
      [
        'answers 500',
        (_request, response) => response.writeHead(500).end(),
        /\/creds failed: it did not return credentials, for example because of an HTTP error\n$/,
      ],
      [
        'answers HTML',
        (_request, response) => response.writeHead(200).end('<html>sign in</html>'),
        /\/creds failed: .*not valid JSON\n$/,
      ],
      ['closes the connection', (request) => request.socket.destroy(), /\/creds failed: .*socket hang up\n$/],
    ];
    for (const [what, answer, expected] of endpoints)
      it(`if the credential endpoint of a container ${what}`, async () => {
        const AWS_CREDENTIALS_TIMEOUT_MS = what === 'does not answer' ? '500' : '60000';
        const { code, stderr } = await withEndpoint(answer, (env) =>
          startFault({ ...env, AWS_CREDENTIALS_TIMEOUT_MS }),
        );
        assert.match(stderr, /: the container credential endpoint http/);
        assert.match(stderr, expected);
        assert.doesNotMatch(stderr, /hidden|set AWS_ACCESS_KEY_ID/);
        assert.equal(code, 78);
      });

    it('if no file has the profile in AWS_PROFILE', async () => {
      const { code, stderr } = await startFault({ AWS_PROFILE: 'nosuch' });
      assert.match(
        stderr,
        /: the profile "nosuch" in AWS_PROFILE was not found \(\S+config does not exist, \S+credentials does not exist\); correct AWS_PROFILE\n$/,
      );
      assert.equal(code, 78);
    });

    it('if no file has the profile in AWS_PROFILE, which overrides the keys', async () => {
      const { code, stderr } = await startFault({ ...withProcess('exit 0'), ...keys, AWS_PROFILE: 'nosuch' });
      assert.match(stderr, /"nosuch" in AWS_PROFILE was not found \(\S+config does not contain it, /);
      assert.match(
        stderr,
        /; correct AWS_PROFILE, or unset it to use AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY\n$/,
      );
      assert.equal(code, 78);
    });

    it('if the shared credentials file cannot be read', async () => {
      const home = emptyFolder();
      mkdirSync(join(home, '.aws', 'credentials'), { recursive: true });
      const { code, stderr } = await startFault({ HOME: home, AWS_PROFILE: 'ops' });
      assert.match(stderr, /"ops" in AWS_PROFILE was not found \(.*credentials cannot be read: EISDIR\)/);
      assert.equal(code, 78);
    });

    it('if the web identity token file does not exist', async () => {
      const env = { AWS_WEB_IDENTITY_TOKEN_FILE: '/no/such/token', AWS_ROLE_ARN: 'arn:aws:iam::1:role/r' };
      const { code, stderr } = await startFault(env);
      assert.match(stderr, /: the web identity of AWS_WEB_IDENTITY_TOKEN_FILE failed: ENOENT/);
      assert.equal(code, 78);
    });
  });

  it('logs the source and the missing profile that precedes it', async () => {
    const aws = await startEmbeddedAws();
    const answer = JSON.stringify({
      ...{ AccessKeyId: 'AKIACONTAINER000', SecretAccessKey: 'secret', Token: 'token' },
      Expiration: new Date(Date.now() + 3_600_000).toISOString(),
    });
    const none = { AWS_ACCESS_KEY_ID: '', AWS_SECRET_ACCESS_KEY: '', HOME: emptyFolder() };
    await withEndpoint(
      (_request, response) => response.end(answer),
      async (endpoint) => {
        const env = { ...none, ...endpoint, AWS_PROFILE: 'nosuch' };
        const service = await withEnvironment(env, () => startService(aws.url, env));
        const line = service.log.find(({ msg }) => /AWS credentials come from/.test(msg));
        assert.match(
          String(line?.msg),
          /from the container credential endpoint .* because the profile "nosuch" in AWS_PROFILE/,
        );
        await service.close();
      },
    );
    await aws.close();
  });

  for (const [what, then, problem, reason] of [
    [
      'fails',
      'echo "token service is down" >&2; exit 3',
      /failed; nothing was changed; see .*; no request was sent to AWS/,
      /token service is down/,
    ],
    [
      'hangs',
      'exec sleep 20',
      /did not respond within \d\.?\d? s; nothing was changed; see .*; no request was sent to AWS/,
      /did not respond within \d\.?\d? s/,
    ],
    [
      'prints no JSON',
      'echo rubbish',
      /failed; nothing was changed; see .*; no request was sent to AWS/,
      /returned invalid JSON/,
    ],
  ] as const)
    it(`returns 502 without calling AWS when they have expired and the credential_process ${what}`, async () => {
      const aws = await startEmbeddedAws();
      const { env, breakProcess } = withExpiringKeys(then, '+1 hour');
      let hasExpired = false;
      const clock = { ...systemClock, epochMs: () => Date.now() + (hasExpired ? 7_200_000 : 0) };
      await withEnvironment(env, async () => {
        const AWS_DEADLINE_MS = what === 'hangs' ? '500' : '20000';
        const service = await startService(aws.url, { ...env, AWS_DEADLINE_MS }, clock);
        try {
          breakProcess();
          hasExpired = true;
          const response = await refusal(service, () => {
            aws.resetCalls();
          });
          assert.equal(response.status, 502);
          const message = await messageOf(response);
          assert.match(message, /no AWS credentials for .*: the credential_process of the profile "ops" /);
          assert.match(message, problem);
          assert.equal(aws.calls().calls, 0);
          await service.logged((line) => reason.test(JSON.stringify(line['err'])));
          assert.doesNotMatch(message, /token service/);
        } finally {
          await service.close();
          await aws.close();
        }
      });
    });

  it('returns 502 in a separate process when they have expired and the credential_process fails', async () => {
    const aws = await startEmbeddedAws();
    const { env, breakProcess } = withExpiringKeys('exit 3', '+3 seconds');
    const service = await startServiceProcess(aws.url, { ...env, AWS_DEADLINE_MS: '500' });
    try {
      breakProcess();
      const response = await refusal(service, () => undefined);
      assert.equal(response.status, 502);
    } finally {
      await service.close();
      await aws.close();
    }
  });
});
