import assert from 'node:assert/strict';
import crypto from 'node:crypto';
import { basicAuth, koaBasicAuthenticate, RememberedHeaders } from '../../../http/middleware/basic-auth.ts';
import type { Authenticate } from '../../../principals/principal.ts';
import { serverOf } from '../server-of.ts';

const basic = (text: string) => `Basic ${Buffer.from(text).toString('base64')}`;

const accepted = [
  { user: 'tester', password: 'c:olon ü' },
  { user: 'rotated', password: 'next' },
];

/** Returns the number of constant-time comparisons. Each comparison computes an HMAC of both sides. */
function comparisons(authenticate: Authenticate, authorization: string): number {
  const { createHmac } = crypto;
  let made = 0;
  crypto.createHmac = (...parts: Parameters<typeof createHmac>) => {
    made += 1;
    return createHmac(...parts);
  };
  try {
    authenticate(authorization);
  } finally {
    crypto.createHmac = createHmac;
  }
  return made / 2;
}

describe('koaBasicAuthenticate', () => {
  const authenticate = koaBasicAuthenticate(accepted);

  const refused: [what: string, authorization: string | undefined][] = [
    ['nothing', undefined],
    ['an empty header', ''],
    ['the scheme alone', 'Basic '],
    ['another scheme with the right token', basic('tester:c:olon ü').replace('Basic', 'Bearer')],
    ['the right token without a scheme', basic('tester:c:olon ü').slice('Basic '.length)],
    ['the user alone', basic('tester')],
    ['an empty user', basic(':c:olon ü')],
    ['an empty password', basic('tester:')],
    ['a wrong user', basic('Tester:c:olon ü')],
    ['a wrong password', basic('tester:c:olon u')],
    ['the password up to its colon', basic('tester:c')],
    ['a longer password', basic('tester:c:olon üü')],
    ['the password in Latin-1', `Basic ${Buffer.from('tester:c:olon ü', 'latin1').toString('base64')}`],
    ['the user of one token with the password of another', basic('tester:next')],
    ['the user of another token with the password of the first', basic('rotated:c:olon ü')],
    ['two tokens', `${basic('tester:c:olon ü')}, ${basic('rotated:next')}`],
  ];
  for (const [what, authorization] of refused)
    it(`refuses ${what}`, () => {
      assert.equal(authenticate(authorization), undefined);
    });

  it('refuses all credentials if none are accepted', () => {
    assert.equal(koaBasicAuthenticate([])(basic('tester:next')), undefined);
  });

  it('throws for an empty user or password, which would match any', () => {
    for (const empty of [
      { user: '', password: 'x' },
      { user: 'x', password: '' },
    ])
      assert.throws(() => koaBasicAuthenticate([empty]));
  });

  for (const { user, password } of accepted)
    it(`accepts ${user} with ${password}`, () => {
      assert.deepEqual(authenticate(basic(`${user}:${password}`)), { name: user });
      assert.deepEqual(authenticate(basic(`${user}:${password}`).replace('Basic', 'bAsIC')), { name: user });
    });

  for (const authorization of [
    'tester:c:olon ü',
    'rotated:next',
    'tester:wrong',
    'wrong:next',
    'wrong:wrong',
  ])
    it(`compares user and password of every token with ${authorization}`, () => {
      assert.equal(comparisons(authenticate, basic(authorization)), 2 * accepted.length);
    });
});

describe('RememberedHeaders', () => {
  let asked: (string | undefined)[];
  let headers: RememberedHeaders;
  let authenticate: Authenticate;
  beforeEach(() => {
    asked = [];
    const verify = koaBasicAuthenticate(accepted);
    headers = new RememberedHeaders((authorization) => {
      asked.push(authorization);
      return verify(authorization);
    }, accepted.length);
    ({ authenticate } = headers);
  });

  it('verifies refused headers each time, and does not accept similar ones', () => {
    authenticate(basic('rotated:next'));
    for (const wrong of ['rotated:nexT', 'rotated:nex', 'rotated:wrong', 'rotated:wrong', 'Rotated:next'])
      assert.equal(authenticate(basic(wrong)), undefined);
    assert.equal(authenticate(undefined), undefined);
    assert.equal(authenticate(''), undefined);
    assert.deepEqual(asked.filter((header) => header === basic('rotated:wrong')).length, 2);
  });

  it('recalls only accepted headers', () => {
    const [right, wrong] = [basic('rotated:next'), basic('rotated:wrong')];
    assert.deepEqual([headers.recall(right), headers.recall(undefined)], [undefined, undefined]);
    assert.deepEqual(asked, []);
    for (const header of [right, wrong]) authenticate(header);
    assert.deepEqual([headers.recall(right), headers.recall(wrong)], [{ name: 'rotated' }, undefined]);
  });

  it('forgets the headers of removed tokens, and recalls the others', () => {
    for (const text of ['rotated:next', 'tester:c:olon ü']) authenticate(basic(text));
    headers.replace(koaBasicAuthenticate(accepted.slice(1)), 1);
    assert.deepEqual(headers.recall(basic('rotated:next')), { name: 'rotated' });
    assert.equal(headers.recall(basic('tester:c:olon ü')), undefined);
    assert.equal(authenticate(basic('tester:c:olon ü')), undefined);
  });

  it('verifies the same header once, and returns its principal', () => {
    for (let round = 0; round < 3; round++) {
      assert.deepEqual(authenticate(basic('rotated:next')), { name: 'rotated' });
      assert.deepEqual(authenticate(basic('tester:c:olon ü')), { name: 'tester' });
    }
    assert.equal(asked.length, 2);
  });

  it('verifies each time after it has reached the limit of remembered headers', () => {
    const spelt = (blanks: number) =>
      `Basic${' '.repeat(blanks)}${basic('rotated:next').slice('Basic '.length)}`;
    for (let blanks = 1; blanks <= 50; blanks++)
      assert.deepEqual(authenticate(spelt(blanks)), { name: 'rotated' });
    const before = asked.length;
    authenticate(spelt(1));
    assert.equal(asked.length, before, 'the first is remembered');
    assert.deepEqual(authenticate(spelt(50)), { name: 'rotated' });
    assert.equal(asked.length, before + 1, 'the last is not');
  });
});

describe('basicAuth', () => {
  it('passes accepted requests on with their principal, and responds to others with 401', async () => {
    const authenticate: Authenticate = (authorization) =>
      authorization === 'Key 7' ? { name: 'seven' } : undefined;
    const callers = { recall: () => undefined, authenticate };
    const guesses = { check: () => undefined, refused: () => undefined };
    const server = await serverOf(basicAuth(callers, guesses), (ctx) => {
      ctx.body = { message: ctx.state.principal?.name };
    });
    const unknown = await fetch(server.url, { headers: { Authorization: 'Key 8' } });
    assert.equal(unknown.status, 401);
    assert.equal(unknown.headers.get('www-authenticate'), 'Basic realm="elb-inventory", charset="UTF-8"');
    assert.doesNotMatch(await unknown.text(), /seven|Key/);
    const known = await fetch(server.url, { headers: { Authorization: 'Key 7' } });
    assert.deepEqual(await known.json(), { message: 'seven' });
    await server.close();
  });
});
