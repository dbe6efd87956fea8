import assert from 'node:assert/strict';
import { secondToken, token } from '../support/service.ts';
import { type Answer, startWorld, type World } from '../support/world.ts';

const base64 = (text: string) => Buffer.from(text).toString('base64');

const messageOf = ({ body }: Answer) => (JSON.parse(body) as { message: string }).message;

const latin1 = (text: string) => Buffer.from(text, 'latin1').toString('base64');

type Refused = [what: string, authorization: string | undefined, authFailure: string, says: RegExp];
const refused: Refused[] = [
  ['no credentials', undefined, 'missing', /has no credentials/],
  ['an empty header', '', 'missing', /has no credentials/],
  ['a scheme alone', 'Basic', 'missing', /has no credentials/],
  ['user:password', 'tester:c:olon', 'not-encoded', /not encoded/],
  ['Basic user:password', 'Basic tester:c:olon', 'not-encoded', /not encoded/],
  ['Basic user:password with a blank', 'Basic tester:c olon', 'not-encoded', /not encoded/],
  ['another scheme with the right token', `Bearer ${token}`, 'bearer', /does not accept Bearer/],
  ['Bearer alone', 'bearer', 'bearer', /does not accept Bearer/],
  ['Digest', 'Digest username="tester", realm=x', 'other-scheme', /scheme .* is not Basic/],
  ['a signature of AWS', 'AWS4-HMAC-SHA256 Credential=AKIA/2026', 'other-scheme', /scheme .* is not Basic/],
  ['the right token without a scheme', token, 'no-scheme', /has no scheme/],
  ['quotes around the token', `Basic "${token}"`, 'quoted', /quotes around/],
  ['quotes around the header', `"Basic ${token}"`, 'quoted', /quotes around/],
  ['quotes around user and password', `Basic ${base64('"tester:c:olon ü"')}`, 'quoted', /quotes around/],
  ['a token that is not base64', 'Basic %%%', 'not-base64', /not a single base64 token/],
  ['two tokens', `Basic ${token},${secondToken}`, 'not-base64', /not a single base64 token/],
  [
    'a token with a blank in it',
    `Basic ${token.slice(0, 4)} ${token.slice(4)}`,
    'not-base64',
    /not a single base64/,
  ],
  ['latin-1', `Basic ${latin1('tester:c:olon ü')}`, 'not-utf-8', /not UTF-8; encode user:password as UTF-8/],
  ['a newline at the end', `Basic ${base64('tester:c:olon ü\n')}`, 'control-character', /newline.*printf/],
  ['a NUL', `Basic ${base64('tester\0:c:olon ü')}`, 'control-character', /control character/],
  [
    'base64 without a colon',
    `Basic ${base64('tester')}`,
    'incomplete',
    /not contain a user, a colon and a password/,
  ],
  ['an empty password', `Basic ${base64('tester:')}`, 'incomplete', /not contain a user/],
  ['an empty user', `Basic ${base64(':c:olon ü')}`, 'incomplete', /not contain a user/],
  ['two empty halves', `Basic ${base64(':')}`, 'incomplete', /not contain a user/],
  ['a wrong password', `Basic ${base64('tester:wrong')}`, 'wrong', /the user or the password is wrong/],
  ['a wrong user', `Basic ${base64('nobody:c:olon ü')}`, 'wrong', /the user or the password is wrong/],
  [
    'the halves of two tokens',
    `Basic ${base64('tester:next')}`,
    'wrong',
    /the user or the password is wrong/,
  ],
];

describe('Basic authentication', () => {
  let world: World;
  let last = 0;
  before(async () => {
    world = await startWorld();
  });
  after(() => world.close());

  for (const [what, authorization, authFailure, says] of refused)
    it(`returns 401 with the challenge and the reason, and logs the reason, for ${what}`, async () => {
      // The log contains at most ten lines per second for requests without credentials.
      await world.clock.pass(120);
      const requestId = `refused-${authFailure}-${what.length}-${what.replaceAll(/\W/g, '-')}`;
      const answer = await world.ask('/elb/default-elb', {
        // Each request has another address, because the limit is ten rejected requests per address.
        headers: {
          'X-Request-Id': requestId,
          'X-Forwarded-For': `192.0.2.${(last += 1)}`,
          Authorization: authorization,
        },
      });
      assert.equal(answer.status, 401);
      assert.equal(answer.headers.get('www-authenticate'), 'Basic realm="elb-inventory", charset="UTF-8"');
      const message = messageOf(answer);
      assert.match(message, says);
      assert.match(message, /curl -u user:password/);
      assert.ok(message.length < 250, message);
      assert.doesNotMatch(message, /tester|c:olon|dGVzd/);
      const line = await world.service.logged((one) => one['requestId'] === requestId);
      assert.equal(line['authFailure'], authFailure);
      assert.doesNotMatch(JSON.stringify({ ...line, requestId: '' }), /tester|c:olon|dGVzd/);
      assert.equal(world.calls(), 0);
    });

  it('returns the same body for a wrong user and for a wrong password', async () => {
    const answers = ['nobody:c:olon ü', 'tester:wrong', 'rotated:c:olon ü'].map(async (text) => {
      const headers = { Authorization: `Basic ${base64(text)}` };
      return (await world.ask('/elb/default-elb', { headers })).body;
    });
    assert.equal(new Set(await Promise.all(answers)).size, 1);
  });

  for (const [method, path] of [
    ['GET', '/'],
    ['GET', '/no-such-path'],
    ['GET', '/elb/-impossible-'],
    ['OPTIONS', '/elb/default-elb'],
    ['PATCH', '/elb/default-elb'],
    ['POST', '/healthcheck'],
  ] as const)
    it(`returns 401 for ${method} ${path} without credentials`, async () => {
      const { status } = await world.ask(path, { method, headers: { Authorization: undefined } });
      assert.equal(status, 401);
    });

  for (const valid of [token, secondToken])
    it(`accepts each token of API_TOKEN: ${Buffer.from(valid, 'base64').toString()}`, async () => {
      const headers = { Authorization: `Basic ${valid}` };
      assert.equal((await world.ask('/elb/empty-elb', { headers })).status, 200);
    });

  it('accepts the name of the scheme in upper and lower case (RFC 7617)', async () => {
    const headers = { Authorization: `bASIC ${token}` };
    assert.equal((await world.ask('/elb/empty-elb', { headers })).status, 200);
  });
});

describe('The service, with credentials,', () => {
  let world: World;
  before(async () => {
    world = await startWorld();
  });
  after(() => world.close());

  for (const path of ['/', '/no-such-path', '/elb/a/b', '/ELB/default-elb', '/healthcheck/x'])
    it(`returns 404 for ${path}`, async () => {
      const answer = await world.ask(path);
      assert.equal(answer.status, 404);
      assert.match(messageOf(answer), /no resource exists at this path/);
    });

  for (const [method, path, allow] of [
    ['PUT', '/elb/default-elb', 'DELETE, GET, HEAD, POST'],
    ['PATCH', '/elb/default-elb', 'DELETE, GET, HEAD, POST'],
    ['OPTIONS', '/elb/default-elb', 'DELETE, GET, HEAD, POST'],
    ['PROPFIND', '/elb/default-elb', 'DELETE, GET, HEAD, POST'],
    ['POST', '/healthcheck', 'GET, HEAD'],
    ['DELETE', '/healthcheck', 'GET, HEAD'],
    ['OPTIONS', '/healthcheck', 'GET, HEAD'],
  ] as const)
    it(`returns 405 with Allow for ${method} ${path}`, async () => {
      const answer = await world.ask(path, { method });
      assert.equal(answer.status, 405);
      assert.equal(answer.headers.get('allow'), allow);
      assert.ok(messageOf(answer).includes(`${method} is not allowed`));
    });
});
