import assert from 'node:assert/strict';
import { gzipSync } from 'node:zlib';
import { RawConnection } from '../http/raw-connection.ts';
import { token } from '../support/service.ts';
import { startWorld, type World } from '../support/world.ts';

const authorization = `Authorization: Basic ${token}`;
const body = JSON.stringify({ instanceId: 'i-0b22a22eec53b9321' });

describe('HTTP request validation', () => {
  let world: World;
  before(async () => {
    world = await startWorld({}, { INVENTORY_MAX_AGE_MS: '60000' });
    await world.ids('default-elb');
  });
  after(() => world.close());

  async function answerTo(method: string, path: string, ...fields: string[]): Promise<string> {
    const connection = new RawConnection(world.service.url);
    connection.send(`${method} ${path} HTTP/1.1`, ...fields, 'Connection: close', '', '');
    await connection.ended;
    return connection.received;
  }

  const refused: [what: string, fields: string[], says: RegExp][] = [
    ['without a Host header', [authorization], /the request has no Host header/],
    ['with two Host headers', ['Host: a', 'Host: b', authorization], /the header host twice; send it once/],
    [
      'with a repeated Host header in another case',
      ['Host: a', 'HOST: a', authorization],
      /the header host twice/,
    ],
    [
      'with two hosts in one Host header',
      ['Host: a, b', authorization],
      /the Host header is not a valid host/,
    ],
    ['with a path in the Host header', ['Host: a/b', authorization], /the Host header is not a valid host/],
    [
      'with two Authorization headers',
      ['Host: a', authorization, authorization],
      /the header authorization twice/,
    ],
    [
      'with an invalid and a valid Authorization header',
      ['Host: a', 'Authorization: x', authorization],
      /the header authorization twice/,
    ],
  ];
  for (const field of [
    ...['Origin', 'Sec-Fetch-Site', 'Content-Type', 'If-Modified-Since', 'If-Unmodified-Since', 'If-Range'],
  ])
    refused.push([
      `with two ${field} headers`,
      ['Host: a', authorization, `${field}: a`, `${field.toUpperCase()}: b`],
      new RegExp(`the header ${field.toLowerCase()} twice`),
    ]);
  for (const [what, fields, says] of refused)
    for (const [method, path] of [
      ['GET', '/elb/default-elb'],
      ['GET', '/elb'],
      ['DELETE', '/elb/default-elb?instanceId=i-5203422c'],
    ] as const)
      it(`returns 400 for ${method} ${path} ${what}`, async () => {
        world.aws.resetCalls();
        const answer = await answerTo(method, path, ...fields);
        assert.match(answer, /^HTTP\/1.1 400 Bad Request\r\n/);
        assert.match(answer, /\r\nError-Code: malformed_request\r\n/);
        assert.match(answer, says);
        assert.equal(world.calls(), 0);
      });

  it('returns 200 for repeated headers whose values are lists', async () => {
    const lists = ['X-Forwarded-For: 1.1.1.1', 'X-Forwarded-For: 2.2.2.2', 'Accept: a/b', 'Accept: c/d'];
    for (const host of ['x', '127.0.0.1:8000', '[::1]:8000', 'a_b.example', ''])
      assert.match(
        await answerTo('GET', '/elb/default-elb', `Host: ${host}`, authorization, ...lists),
        /^HTTP\/1.1 200 /,
      );
  });

  for (const encoding of ['gzip', 'deflate', 'br', 'GZIP, identity', 'x'.repeat(5000)])
    for (const [method, path] of [
      ['POST', '/elb/default-elb'],
      ['DELETE', '/elb/default-elb/instances'],
    ] as const)
      it(`returns 415 with Accept-Encoding for ${method} ${path} with Content-Encoding: ${encoding.slice(0, 20)}`, async () => {
        const compressed = gzipSync(body).toString('latin1');
        const headers = { 'Content-Encoding': encoding };
        const answer = await world.ask(path, { method, headers, body: compressed });
        assert.equal(answer.status, 415, answer.body);
        assert.equal(answer.headers.get('accept-encoding'), 'identity');
        assert.match(answer.body, /has Content-Encoding: .*without Content-Encoding/);
        assert.ok(answer.body.length < 250);
      });

  it('accepts a body with Content-Encoding: identity', async () => {
    const headers = { 'Content-Encoding': 'Identity' };
    const answer = await world.ask('/elb/default-elb', { method: 'POST', headers, body });
    assert.equal(answer.status, 201, answer.body);
  });
});
