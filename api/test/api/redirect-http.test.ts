import assert from 'node:assert/strict';
import { RawConnection } from '../http/raw-connection.ts';
import { token } from '../support/service.ts';
import { startWorld, type World } from '../support/world.ts';

const overHttp = { 'X-Forwarded-Proto': 'http' };

describe('With REDIRECT_HTTP=on', () => {
  let world: World;
  before(async () => {
    world = await startWorld({}, { REDIRECT_HTTP: 'on', INVENTORY_MAX_AGE_MS: '60000' });
    // Cache the list, so that the fast path could respond.
    await world.ids('default-elb');
  });
  after(() => world.close());

  /** Returns the headers and body of the response to raw bytes that an HTTP client would refuse to send. */
  async function answerTo(line: string, ...fields: string[]): Promise<string> {
    const connection = new RawConnection(world.service.url);
    connection.send(line, ...fields, 'Connection: close', '', '');
    await connection.ended;
    return connection.received;
  }

  const redirected: [method: string, path: string][] = [
    ['GET', '/elb/default-elb'],
    ['HEAD', '/elb/default-elb'],
    ['GET', '/elb?name=a%20b&limit=2'],
    ['POST', '/elb/default-elb?dryRun=true'],
    ['DELETE', '/elb/default-elb/instances'],
    ['PUT', '/no-such-path/%41%2f?x=%0d%0a'],
    ['GET', '/docs'],
    ['GET', '/status'],
  ];
  for (const [method, path] of redirected)
    it(`${method} ${path} over http gets 308 with the same host, path and query`, async () => {
      world.aws.resetCalls();
      const headers = { ...overHttp, Host: 'api.example.com:80' };
      const answer = await world.ask(path, { method, headers });
      assert.deepEqual(
        [answer.status, answer.headers.get('location'), answer.headers.get('error-code')],
        [308, `https://api.example.com${path}`, 'https_required'],
      );
      assert.equal(world.calls(), 0);
    });

  it('GET /healthcheck over http gets a normal response', async () => {
    assert.equal((await world.ask('/healthcheck', { headers: overHttp })).status, 200);
  });

  const answered: [what: string, headers: Record<string, string>][] = [
    ['without X-Forwarded-Proto, such as a health check,', {}],
    ['over https', { 'X-Forwarded-Proto': 'https' }],
    ['that a load balancer received over https', { 'X-Forwarded-Proto': 'http, https' }],
  ];
  for (const [what, headers] of answered)
    it(`a request ${what} gets a normal response`, async () => {
      assert.equal((await world.ask('/elb/default-elb', { headers })).status, 200);
    });

  it('a client cannot claim https to a load balancer that appends http', async () => {
    for (const value of ['https, http', 'https,HTTP', 'https, http '])
      assert.equal(
        (await world.ask('/elb/default-elb', { headers: { 'X-Forwarded-Proto': value } })).status,
        308,
      );
  });

  it('the credentials of a request over http are not checked, and the log names the problem', async () => {
    const wrong = await world.ask('/elb/default-elb', {
      headers: { ...overHttp, Authorization: 'Basic eDp5' },
    });
    // The log limits the number of lines per second for requests without a principal.
    await world.clock.pass(1000);
    const right = await world.ask('/elb/default-elb', {
      headers: { ...overHttp, 'X-Request-Id': 'in-clear' },
    });
    assert.deepEqual([wrong.status, wrong.body], [right.status, right.body]);
    assert.match(right.body, /this service requires https; use HTTPS, and change the password/);
    const line = await world.service.logged(({ requestId }) => requestId === 'in-clear');
    assert.deepEqual([line['status'], line['authFailure']], [308, 'sent over http']);
    assert.ok(!JSON.stringify(line).includes(token));
  });

  it('a request without credentials gets no advice to change them', async () => {
    const { body } = await world.ask('/elb/x', { headers: { ...overHttp, Authorization: undefined } });
    assert.equal(body, '{"message":"this service requires https; use https"}');
  });

  it('an IPv6 address stays the host', async () => {
    const { headers } = await world.ask('/elb/x', { headers: { ...overHttp, Host: '[::1]:8080' } });
    assert.equal(headers.get('location'), 'https://[::1]/elb/x');
  });

  const attacks: [what: string, line: string, host: string, location: RegExp][] = [
    [
      'a target that starts with two slashes',
      'GET //evil.example/x HTTP/1.1',
      'a',
      /^https:\/\/a\/\/evil\.example\/x$/,
    ],
    ['an absolute target', 'GET http://evil.example/x HTTP/1.1', 'a', /^https:\/\/a\/x$/],
    [
      'encoded line breaks',
      'GET /x%0d%0aSet-Cookie:a=b HTTP/1.1',
      'a',
      /^https:\/\/a\/x%0d%0aSet-Cookie:a=b$/,
    ],
  ];
  for (const [what, line, host, location] of attacks)
    it(`${what} cannot change the host or add a header`, async () => {
      const answer = await answerTo(line, `Host: ${host}`, 'X-Forwarded-Proto: http');
      assert.match(answer, /^HTTP\/1.1 308 /);
      assert.match(/^Location: (.*)\r$/m.exec(answer)?.[1] ?? '', location);
      assert.doesNotMatch(answer, /^Set-Cookie/im);
    });

  const refused: [what: string, line: string, ...fields: string[]][] = [
    ['a target that is not a path', 'OPTIONS * HTTP/1.1', 'Host: a'],
    ['a target with another host', 'OPTIONS *@evil.example HTTP/1.1', 'Host: a'],
    ['a Host with a user', 'GET /x HTTP/1.1', 'Host: a@evil.example'],
    ['a Host with an encoded line break', 'GET /x HTTP/1.1', 'Host: a%0d%0aSet-Cookie:a=b'],
    ['a Host with a port that is not a number', 'GET /x HTTP/1.1', 'Host: a:b'],
    ['an empty Host', 'GET /x HTTP/1.1', 'Host: '],
    ['no Host', 'GET /x HTTP/1.0'],
  ];
  for (const [what, line, ...fields] of refused)
    it(`${what} gets 400`, async () => {
      const answer = await answerTo(line, ...fields, 'X-Forwarded-Proto: http');
      assert.match(answer, /^HTTP\/1.1 400 /);
      assert.doesNotMatch(answer, /^(Location|Set-Cookie):/im);
    });
});

it('Without REDIRECT_HTTP, requests over http get a normal response', async () => {
  const world = await startWorld();
  assert.equal((await world.ask('/elb/default-elb', { headers: overHttp })).status, 200);
  await world.close();
});
