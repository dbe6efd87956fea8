import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { checkEnvFile } from '../config/check-env.ts';
import { settingNames } from '../config/setting-names.ts';
import { startError } from '../start-error.ts';
import { type Collector, startCollector } from './support/collector.ts';
import type { Running } from './support/process.ts';
import { startFailure } from './support/start-failure.ts';
import { spawnService } from './support/service.ts';

const base64 = (text: string) => Buffer.from(text).toString('base64');
/** Each secret contains this word, and no output does, encoded or not. */
const word = 'n0tToBeSeen';
const secretOf = (name: string) => `${word}-${name}-0123456789`;
const tokenOf = (name: string) => base64(`${name}:${secretOf(name)}`);
const token = tokenOf('caller');
const scraper = tokenOf('scraper');

/** The secrets of the service, in the forms in which a program or a client can send them. */
const secrets = {
  API_TOKEN: `${token},${tokenOf('second')}`,
  METRICS_TOKEN: scraper,
  AWS_SECRET_ACCESS_KEY: secretOf('key'),
  AWS_SESSION_TOKEN: secretOf('session'),
  AWS_CONTAINER_AUTHORIZATION_TOKEN: secretOf('container'),
  OTEL_EXPORTER_OTLP_HEADERS: `api-key=${secretOf('export')},authorization=Basic%20${tokenOf('export')}`,
  HTTPS_PROXY: `http://user:${secretOf('proxy')}@127.0.0.1:9`,
  https_proxy: `http://user:${secretOf('proxy')}@127.0.0.1:9`,
};

/** Throws if the text contains one of the secrets, or text of one in base64. */
function assertNoSecret(text: string, where: string): void {
  const forms = [word, token, scraper, tokenOf('second'), tokenOf('export'), tokenOf('wrong')];
  for (const form of forms.map((value) => value.replace(/=+$/, '')))
    assert.ok(!text.includes(form), `${form} is in ${where}: ${text.slice(0, 5000)}`);
}

describe('Secrets', () => {
  let aws: Server;
  let collector: Collector;
  let service: Running;
  let url: string;
  /** The requests that AWS received. */
  let signed = 0;
  /** The responses to all requests. */
  const answers: string[] = [];

  before(async () => {
    // AWS quotes the signed request in SignatureDoesNotMatch, with the session token; this one quotes all that it gets.
    aws = createServer((request, response) => {
      if (request.headers['x-amz-security-token'] === secrets.AWS_SESSION_TOKEN) signed += 1;
      const quoted = Object.entries(request.headers).map(([name, value]) => `${name}:${String(value)}`);
      const message = `${quoted.join('\n')} key ${secrets.AWS_SECRET_ACCESS_KEY}`;
      response.writeHead(400, { 'Content-Type': 'text/xml', 'x-amzn-requestid': 'id' });
      response.end(
        `<ErrorResponse><Error><Type>Sender</Type><Code>SignatureDoesNotMatch</Code><Message>${message}</Message></Error></ErrorResponse>`,
      );
    }).listen(0, '127.0.0.1');
    await once(aws, 'listening');
    collector = await startCollector();
    service = spawnService({
      ...secrets,
      AWS_BACKEND: 'aws',
      AWS_ENDPOINT_URL: `http://127.0.0.1:${(aws.address() as AddressInfo).port}`,
      AWS_ACCESS_KEY_ID: 'AKIATESTTESTTEST',
      OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
      AWS_ELB_READS_PER_SECOND: '1000',
      INVENTORY_MAX_AGE_MS: '0',
      AWS_MAX_ATTEMPTS: '1',
      LOG_LEVEL: 'debug',
      LOG_MAX_PER_SECOND: '1000000',
    });
    const [, port] = await service.printed(/"port":(\d+).*"msg":"listening"/);
    url = `http://127.0.0.1:${port}`;
  });
  after(async () => {
    await service.stop();
    collector.close();
    aws.close();
  });

  const authorized = { Authorization: `Basic ${token}` };
  async function ask(path: string, headers: Record<string, string>, init: RequestInit = {}): Promise<string> {
    const response = await fetch(url + path, { ...init, headers: { Connection: 'close', ...headers } });
    const received = JSON.stringify([...response.headers]);
    return `${response.status} ${received} ${await response.text()}`;
  }

  it('are in no response, whatever headers contain them and whatever AWS quotes', async () => {
    const wrong = `Basic ${tokenOf('wrong')}`;
    const named = ['Proxy-Authorization', 'Cookie', 'X-Api-Key', 'X-Amz-Security-Token', 'Referer', 'Origin'];
    const others = [
      'User-Agent',
      'X-Forwarded-For',
      'X-Forwarded-Proto',
      'traceparent',
      'tracestate',
      'baggage',
    ];
    const conditions = ['If-Match', 'If-None-Match', 'Cache-Control', 'Accept', 'Accept-Encoding', 'Range'];
    const bodies = [{}, { method: 'POST', body: '{"instanceId":"i-0b22a22eec53b9321"}' }] as const;
    for (const name of [...named, ...others, ...conditions])
      for (const value of [secretOf('caller'), `Basic ${token}`])
        for (const init of bodies)
          answers.push(await ask('/elb/default-elb', { ...authorized, [name]: value }, init));
    const malformed = [
      token,
      `basic  ${token} x`,
      `Bearer ${token}`,
      `Digest ${token}`,
      `Basic ${secretOf('x')}`,
    ];
    let address = 0;
    for (const Authorization of [wrong, ...malformed])
      for (const path of [
        '/elb/default-elb',
        '/status',
        '/metrics',
        '/no-such-path',
        '/docs',
        '/healthcheck',
      ]) {
        // Ten refused requests of one address would block it.
        address += 1;
        answers.push(await ask(path, { Authorization, 'X-Forwarded-For': `192.0.2.${address}` }));
      }
    answers.push(await ask('/status', authorized), await ask('/elb', authorized));
    assert.ok(signed > 3, `${signed} calls`);
    assert.ok(answers.some((answer) => answer.includes('SignatureDoesNotMatch')));
    assertNoSecret(answers.join('\n'), 'a response');
  });

  it('are in no metric', async () => {
    const metrics = await ask('/metrics', { Authorization: `Bearer ${scraper}` });
    assert.match(metrics, /^200 [^]*http_server_request_duration_seconds_count/);
    assertNoSecret(metrics, '/metrics');
  });

  it('are in no log line, error or span, even if clients send them in the path, the query, the body and the id', async () => {
    for (const secret of [
      secretOf('caller'),
      token,
      scraper,
      secrets.AWS_SESSION_TOKEN,
      secretOf('container'),
    ]) {
      await ask(`/${secret}`, authorized);
      await ask(`/elb/default-elb?name=${secret}`, authorized);
      await ask('/elb/default-elb', { ...authorized, 'X-Request-Id': secret.replace(/=+$/, '') });
      for (const body of [secret, JSON.stringify({ instanceId: secret }), JSON.stringify({ [secret]: 1 })])
        await ask('/elb/default-elb', authorized, { method: 'POST', body });
    }
    const { code, stdout, stderr } = await service.stop();
    assert.equal(code, 0);
    assert.ok(stdout.split('"msg":"request"').length > 100, 'the log has the requests');
    assert.match(stdout, /\*\*\*/);
    assertNoSecret(stdout, 'the log');
    assertNoSecret(stderr, 'standard error');
    assert.ok(collector.spans.length > 100);
    assert.equal(collector.exports[0]?.headers['api-key'], secretOf('export'));
  });
});

describe('Secrets in invalid settings', () => {
  const value = secretOf('x');
  const pair = base64(`x:${value}`);
  /** Values that contain the secret, and the settings for which each is invalid. */
  const invalid: [settings: RegExp, values: string[]][] = [
    [
      /TOKEN|SECRET|HEADERS/,
      [`"${value}"`, `name ${value}`, value, base64(value), `${base64(value)},,${pair}`, `${pair} # mine`],
    ],
    [
      /_URL|_URI$|_ENDPOINT$|PROXY$/i,
      [
        `http://user:${value}/1@host`,
        `user:${value}@host x`,
        `http:user:${value}@[host`,
        `"http://${value}@host"`,
      ],
    ],
  ];
  const complete = {
    AWS_BACKEND: 'aws',
    API_TOKEN: token,
    AWS_ACCESS_KEY_ID: 'AKIAX',
    AWS_SECRET_ACCESS_KEY: 'y',
  };
  const cases = invalid.flatMap(([pattern, values]) => {
    const names = settingNames.filter(
      (name) => pattern.test(name) && name !== 'NO_PROXY' && name !== 'no_proxy',
    );
    return values.map((text) => ({ ...complete, ...Object.fromEntries(names.map((name) => [name, text])) }));
  });
  const refuseToRead = (): never => {
    throw Object.assign(new Error('no such file'), { code: 'ENOENT' });
  };
  const assertRefused = (code: number | null, output: string): void => {
    assert.equal(code, 78, output);
    for (const form of [word, base64(value), pair])
      assert.ok(!output.includes(form.replace(/=+$/, '')), `${form}: ${output}`);
  };

  it('are in no error and no warning of a file of settings', () => {
    for (const env of cases) {
      const text = Object.entries(env).map(([name, each]) => `${name}=${each}\n`);
      const warnings: string[] = [];
      const check = (): void => {
        const file = Buffer.from(text.join(''));
        checkEnvFile(file, {}, process.versions.node, refuseToRead, (warning) => warnings.push(warning));
      };
      assert.throws(check, (error) => {
        const refused = startError(error, warnings);
        assertRefused(refused.code, refused.text);
        return true;
      });
    }
  });

  it('are in no error of the environment at startup', async () => {
    for (const env of cases) {
      const { code, stdout, stderr } = await startFailure(env);
      assertRefused(code, stdout + stderr);
    }
  });
});
