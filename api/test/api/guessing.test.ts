import assert from 'node:assert/strict';
import { samplesOf } from '../support/metrics.ts';
import { secondToken, token } from '../support/service.ts';
import { type Answer, startWorld, type World } from '../support/world.ts';

const basic = (text: string) => `Basic ${Buffer.from(text).toString('base64')}`;
const attacker = '203.0.113.7';

describe('Guessing', () => {
  let world: World;
  const start = async (env: Record<string, string> = {}) => {
    world = await startWorld({}, env);
  };
  afterEach(() => world.close());

  const askFrom = (client: string, authorization: string | undefined, path = '/elb/default-elb') =>
    world.ask(path, { headers: { 'X-Forwarded-For': client, Authorization: authorization } });
  /** Returns the statuses of requests with different wrong passwords. */
  async function guess(times: number, client = attacker, path?: string): Promise<number[]> {
    const statuses: number[] = [];
    for (let n = 0; n < times; n += 1)
      statuses.push((await askFrom(client, basic(`tester:wrong${n}`), path)).status);
    return statuses;
  }
  const tenRefusals = Array<number>(10).fill(401);

  it('gets 429 after ten refused credentials in a minute, even with the right ones', async () => {
    await start();
    assert.deepEqual(await guess(12), [...tenRefusals, 429, 429]);
    const wrong = await askFrom(attacker, basic('tester:wrong'));
    const right = await askFrom(attacker, `Basic ${token}`);
    const visible = ({ status, body, headers }: Answer) => [
      ...[status, body, headers.get('retry-after'), headers.get('error-code')],
      headers.get('www-authenticate'),
    ];
    assert.deepEqual(visible(right), visible(wrong));
    assert.deepEqual(visible(right), [
      429,
      '{"message":"too many requests from this address had wrong credentials; wait 60 s, then send the user and the password of a token in API_TOKEN"}',
      ...['60', 'too_many_attempts', null],
    ]);
    assert.equal(world.calls(), 0);
  });

  it('gets 429 for changes and for /metrics, which has the same limit', async () => {
    await start();
    assert.deepEqual(await guess(5, attacker, '/metrics'), tenRefusals.slice(5));
    assert.deepEqual(await guess(6), [...tenRefusals.slice(5), 429]);
    for (const scheme of ['Basic', 'Bearer'])
      assert.equal((await askFrom(attacker, `${scheme} ${token}`, '/metrics')).status, 429);
    const headers = { 'X-Forwarded-For': attacker, Authorization: `Basic ${token}` };
    const options = { method: 'POST', headers, body: '{"instanceId":"i-0b22a22eec53b9321"}' };
    assert.equal((await world.ask('/elb/default-elb', options)).status, 429);
  });

  it('does not lock out headers that were accepted before, from the same address', async () => {
    await start();
    // The second request takes the fast path.
    for (let n = 0; n < 2; n += 1)
      assert.equal((await askFrom('198.51.100.1', `Basic ${token}`)).status, 200);
    await guess(11);
    for (const path of ['/elb/default-elb', '/elb/default-elb/health', '/status', '/metrics'])
      assert.equal((await askFrom(attacker, `Basic ${token}`, path)).status, 200, path);
    assert.equal((await askFrom(attacker, `Basic ${secondToken}`)).status, 429);
    assert.equal((await askFrom('198.51.100.1', `Basic ${secondToken}`)).status, 200);
    assert.equal((await askFrom(attacker, `Basic ${secondToken}`)).status, 200);
  });

  it('is possible again after a minute, while accepted requests and those without credentials never count', async () => {
    await start();
    for (let n = 0; n < 15; n += 1) {
      assert.equal((await askFrom(attacker, `Basic ${token}`)).status, 200);
      assert.equal((await askFrom(attacker, undefined)).status, 401);
    }
    assert.deepEqual(await guess(11), [...tenRefusals, 429]);
    assert.equal((await askFrom(attacker, undefined)).status, 401);
    assert.equal((await askFrom(attacker, undefined, '/healthcheck')).status, 200);
    await world.clock.pass(60_000);
    assert.equal((await askFrom(attacker, `Basic ${secondToken}`)).status, 200);
  });

  it('is counted for the last value of X-Forwarded-For, and for each /64 of IPv6', async () => {
    await start();
    for (let n = 0; n < 10; n += 1)
      assert.equal((await askFrom(`192.0.2.${n}, ${attacker}`, basic('a:b'))).status, 401);
    assert.equal((await askFrom(`192.0.2.77, ${attacker}`, basic('a:b'))).status, 429);
    assert.equal((await askFrom(`${attacker}, 192.0.2.77`, basic('a:b'))).status, 401);
    for (let n = 1; n <= 10; n += 1)
      assert.equal((await askFrom(`2001:db8::${n}:1`, basic('a:b'))).status, 401);
    assert.equal((await askFrom('2001:db8::99', basic('a:b'))).status, 429);
    assert.equal((await askFrom('2001:db8:0:1::99', basic('a:b'))).status, 401);
  });

  it('is counted for the peer if TRUSTED_PROXIES does not include it', async () => {
    await start({ TRUSTED_PROXIES: 'none' });
    for (let n = 0; n < 10; n += 1) await askFrom(`192.0.2.${n}`, basic('a:b'));
    assert.equal((await askFrom('192.0.2.99', basic('a:b'))).status, 429);
    const line = await world.service.logged(({ status }) => status === 429);
    assert.equal(line['client'], '127.0.0.1');
  });

  it('has one line in the log for its 429s, and each 429 in the metrics', async () => {
    await start();
    // The log contains at most ten lines per second for requests without credentials.
    for (let n = 0; n < 40; n += 1) {
      await guess(1);
      await world.clock.pass(200);
    }
    const lines = world.service.log.filter(({ status }) => status === 429);
    assert.deepEqual(
      lines.map(({ client, authFailure }) => [client, authFailure]),
      [[attacker, 'too-many']],
    );
    const { body } = await askFrom('198.51.100.1', `Basic ${token}`, '/metrics');
    const refused = (reason: string) =>
      samplesOf(body).get('elb_inventory_refused_credentials_total', { reason });
    assert.deepEqual([refused('wrong'), refused('too-many')], [10, 30]);
  });
});
