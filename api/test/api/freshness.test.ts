import assert from 'node:assert/strict';
import {
  type Answer,
  describeElbs,
  describeInstances,
  idsOf,
  noCache,
  startWorld,
  type World,
} from '../support/world.ts';

const path = '/elb/default-elb';
/** A header that does not affect freshness, but causes a request to take the ordinary path. */
const slowPath = { headers: { Pragma: 'other' } };

/** Returns the parts of a response that do not depend on the request: everything except the date and the request id. */
function comparable({ status, headers, body }: Answer) {
  const { date, ...rest } = Object.fromEntries(headers);
  delete rest['x-request-id'];
  return { status, rest, body, dated: date !== undefined };
}

describe('The region cache', () => {
  let world: World;
  afterEach(() => world.close());
  /** Starts a region with 20 load balancers in addition to the three in the sample. */
  const startRegion = async (membersPerElb: number) => {
    world = await startWorld({ latencyMs: 40, elbs: 23, instances: 25 + 20 * membersPerElb });
  };
  const elbs = Array.from({ length: 20 }, (_, n) => `elb-${String(n + 1).padStart(4, '0')}`);
  /** Resolves after this many EC2 calls. */
  const filledBy = (calls: number) =>
    world.eventually(
      () => world.calls(describeInstances) >= calls && inFlight() === 0,
      'all instances are described',
    );
  const inFlight = () => world.aws.calls().actions[describeInstances]?.inFlight ?? 0;

  it('is not filled without a request for a list', async () => {
    await startRegion(10);
    assert.equal((await world.ask('/healthcheck')).status, 200);
    await world.clock.pass(300);
    assert.equal(world.calls(), 0);
  });

  it('is filled with one DescribeLoadBalancers for concurrent first reads', async () => {
    await startRegion(10);
    const lists = await Promise.all(elbs.slice(0, 12).map((name) => world.ids(name)));
    assert.ok(lists.every(({ length }) => length === 10));
    assert.equal(world.calls(describeElbs), 1);
  });

  it('serves every load balancer after a read of one, without another call to EC2', async () => {
    await startRegion(50);
    assert.equal((await world.ids('default-elb')).length, 3);
    await filledBy(6);
    const { calls, maxInFlight } = world.aws.calls().actions[describeInstances]!;
    assert.equal(calls, 6);
    assert.ok(maxInFlight <= 4);
    await world.ids('default-elb');
    world.aws.resetCalls();
    for (const name of elbs) assert.equal((await world.ids(name)).length, 50);
    assert.ok(world.calls(describeElbs) < elbs.length / 2);
    assert.equal(world.calls(describeInstances), 0);
  });

  it('is refreshed by one call at a time for concurrent readers', async () => {
    await startRegion(10);
    await world.ids('default-elb');
    await filledBy(2);
    world.aws.resetCalls();
    const until = world.clock.now() + 2000;
    const reader = async (name: string) => {
      while (world.clock.now() < until) {
        await world.ids(name);
        await world.clock.pass(60);
      }
    };
    await Promise.all(elbs.slice(0, 6).map(reader));
    const { [describeElbs]: refreshes } = world.aws.calls().actions;
    assert.ok(refreshes!.calls >= 1 && refreshes!.calls <= 2, `${refreshes!.calls} refreshes in 2 s`);
    assert.equal(refreshes!.maxInFlight, 1);
    assert.equal(world.calls(describeInstances), 0);
  });
});

describe('The age of a list', () => {
  let world: World;
  before(async () => {
    world = await startWorld({}, { INVENTORY_MAX_AGE_MS: '1500' });
  });
  after(() => world.close());
  /** Fill the cache, so that the list stays fresh for the next 1.5 s. */
  beforeEach(async () => {
    world.aws.region.loadBalancer('default-elb').setMembers(['i-5203422c', 'i-6d304aae']);
    await world.ids('default-elb', noCache);
    world.aws.resetCalls();
  });
  const changeBehind = () => {
    world.aws.region.loadBalancer('default-elb').setMembers(['i-6d304aae']);
  };

  it('is shown by Age, Cache-Control and Cache-Status', async () => {
    const { headers } = await world.ask(path);
    assert.equal(headers.get('age'), '0');
    assert.match(headers.get('cache-control')!, /^private\b/);
    assert.match(headers.get('cache-status')!, /^elb-inventory; hit; ttl=[01]$/);
    assert.match(headers.get('etag')!, /^"[\w-]+"$/);
    await world.eventually(
      async () => (await world.ask(path)).headers.get('age') === '1',
      'the list is 1 s old',
    );
  });

  it('is the same on the fast path and on the ordinary path', async () => {
    let [fast, ordinary] = [comparable(await world.ask(path)), comparable(await world.ask(path, slowPath))];
    // The age may have changed between the two requests.
    if (fast.rest['age'] !== ordinary.rest['age'])
      [fast, ordinary] = [comparable(await world.ask(path)), comparable(await world.ask(path, slowPath))];
    assert.deepEqual(fast, ordinary);
  });

  it('comes with the reason of the call to AWS', async () => {
    const status = async (headers = {}) => (await world.ask(path, { headers })).headers.get('cache-status')!;
    assert.match(await status(noCache), /; fwd=request; ttl=1$/);
    await world.clock.pass(1600);
    assert.match(await status(), /; fwd=stale; ttl=1$/);
  });

  it('is at most INVENTORY_MAX_AGE_MS', async () => {
    changeBehind();
    assert.equal((await world.ids('default-elb')).length, 2);
    await world.clock.pass(1600);
    assert.equal((await world.ids('default-elb')).length, 1);
    assert.equal(world.calls(), 1);
  });

  for (const headers of [noCache, { Pragma: 'no-cache' }, { 'Cache-Control': 'max-age=0' }])
    it(`is zero with ${JSON.stringify(headers)}: AWS is called after the request arrived`, async () => {
      changeBehind();
      assert.deepEqual(await world.ids('default-elb', headers), ['i-6d304aae']);
      assert.equal(world.calls(describeElbs), 1);
    });

  it('is limited by max-age=N, and AWS is not called while the list is newer than that', async () => {
    const headers = { 'Cache-Control': 'max-age=1' };
    await world.ids('default-elb', headers);
    assert.equal(world.calls(), 0);
    await world.clock.pass(1050);
    changeBehind();
    assert.equal((await world.ids('default-elb')).length, 2);
    assert.equal((await world.ids('default-elb', headers)).length, 1);
    assert.equal(world.calls(describeElbs), 1);
  });

  it('is not extended by max-age=N', async () => {
    changeBehind();
    await world.clock.pass(1600);
    assert.equal((await world.ids('default-elb', { 'Cache-Control': 'max-age=60' })).length, 1);
  });

  for (const value of ['max-age=-1', 'max-age=x', 'max-stale=60', 'only-if-cached', 'no-transform, ,'])
    it(`is not affected by Cache-Control: ${value}`, async () => {
      assert.equal((await world.ids('default-elb', { 'Cache-Control': value })).length, 2);
      assert.equal(world.calls(), 0);
    });

  it('does not apply to instance details, which only no-cache refreshes', async () => {
    world.aws.region.changeInstance('i-5203422c', { state: 'stopped', instanceType: 'm5.large' });
    const typeOf = async (headers: Record<string, string>) => {
      const { body } = await world.ask(path, { headers });
      return (JSON.parse(body) as { message: { instanceType: string }[] }).message[0]?.instanceType;
    };
    assert.notEqual(await typeOf({ 'Cache-Control': 'max-age=0' }), 'm5.large');
    assert.equal(world.calls(describeInstances), 0);
    assert.equal(await typeOf(noCache), 'm5.large');
    assert.equal(world.calls(describeInstances), 1);
  });

  it('is zero for concurrent no-cache requests, which share a call that began after they arrived', async () => {
    world.aws.faults.set([{ actions: [describeElbs], latencyMs: 300 }]);
    const early = world.ids('default-elb', noCache);
    await world.eventually(() => world.calls(describeElbs) === 1, 'the first call');
    // AWS processes the first call after half of its latency.
    await world.clock.pass(200);
    changeBehind();
    const late = Array.from({ length: 30 }, () => world.ids('default-elb', noCache));
    assert.equal((await early).length, 2);
    for (const list of await Promise.all(late)) assert.deepEqual(list, ['i-6d304aae']);
    world.aws.faults.clear();
    const { calls, maxInFlight } = world.aws.calls().actions[describeElbs]!;
    // Two calls, unless the machine is so slow that sending the 30 requests takes longer than a call.
    assert.ok(calls < 15, `${calls} calls`);
    assert.equal(maxInFlight, 1);
  });

  it('is the same for HEAD and for GET', async () => {
    const get = await world.ask(path, slowPath);
    const head = await world.ask(path, { method: 'HEAD' });
    assert.deepEqual({ ...comparable(head), body: get.body }, comparable(get));
    changeBehind();
    const asked = await world.ask(path, { method: 'HEAD', headers: noCache });
    assert.match(asked.headers.get('cache-status')!, /fwd=request/);
    assert.notEqual(asked.headers.get('etag'), get.headers.get('etag'));
  });

  describe('with If-None-Match', () => {
    const matching: [string, (etag: string) => string][] = [
      ['the ETag', (etag) => etag],
      ['the weak ETag', (etag) => `W/${etag}`],
      ['a list that contains the ETag', (etag) => `"other", W/"another",${etag}`],
      ['*', () => '*'],
    ];
    for (const method of ['GET', 'HEAD'])
      for (const [what, value] of matching)
        it(`is in the headers of a 304 without a body, for ${method} with ${what}`, async () => {
          const get = await world.ask(path);
          const headers = { 'If-None-Match': value(get.headers.get('etag')!) };
          const answer = await world.ask(path, { method, headers });
          assert.deepEqual([answer.status, answer.body], [304, '']);
          for (const name of ['etag', 'cache-control'])
            assert.equal(answer.headers.get(name), get.headers.get(name), name);
          for (const name of ['age', 'cache-status']) assert.ok(answer.headers.has(name), name);
        });

    for (const value of ['"other"', 'W/"other", "another"', '"*"'])
      it(`is in the headers of a 200 for ${value}`, async () => {
        const answer = await world.ask(path, { headers: { 'If-None-Match': value } });
        assert.equal(answer.status, 200);
        assert.equal(idsOf(answer).length, 2);
      });

    it('is in the headers of a 200 with another ETag after the list has changed', async () => {
      const etag = (await world.ask(path)).headers.get('etag')!;
      changeBehind();
      const answer = await world.ask(path, { headers: { ...noCache, 'If-None-Match': etag } });
      assert.equal(answer.status, 200);
      assert.notEqual(answer.headers.get('etag'), etag);
    });
  });
});

describe('INVENTORY_MAX_AGE_MS=0', () => {
  it('calls AWS for every list', async () => {
    const world = await startWorld({}, { INVENTORY_MAX_AGE_MS: '0' });
    try {
      for (let n = 0; n < 3; n++) await world.ids('default-elb');
      assert.equal(world.calls(describeElbs), 3);
    } finally {
      await world.close();
    }
  });
});
