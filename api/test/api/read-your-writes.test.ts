import assert from 'node:assert/strict';
import { startAwsProxy } from '../support/aws-proxy.ts';
import type { LocalServer } from '../support/local-server.ts';
import {
  deregister,
  describeElbs,
  describeInstances,
  noCache,
  register,
  startWorld,
  type World,
} from '../support/world.ts';

const [first, second, spare] = ['i-5203422c', 'i-0a4f8c3e9d1b27650', 'i-0b22a22eec53b9321'] as const;
const third = 'i-6d304aae';

describe('A list after a change', () => {
  let world: World;
  beforeEach(async () => {
    world = await startWorld();
  });
  afterEach(() => world.close());

  it('contains an attached instance without an AWS call', async () => {
    await world.ids('default-elb');
    assert.equal((await world.attach('default-elb', spare)).status, 201);
    world.aws.resetCalls();
    assert.deepEqual(await world.ids('default-elb'), [first, second, third, spare]);
    assert.equal(world.calls(), 0);
  });

  it('omits a detached instance without an AWS call', async () => {
    await world.ids('default-elb');
    assert.equal((await world.detach('default-elb', first)).status, 201);
    world.aws.resetCalls();
    assert.deepEqual(await world.ids('default-elb'), [second, third]);
    assert.equal(world.calls(), 0);
  });

  it('has a new ETag and Age: 0', async () => {
    const before = await world.ask('/elb/default-elb');
    await world.attach('default-elb', spare);
    const after = await world.ask('/elb/default-elb');
    assert.notEqual(after.headers.get('etag'), before.headers.get('etag'));
    assert.equal(after.headers.get('age'), '0');
  });

  for (const [what, change, expected] of [
    ['attach', () => world.attach('default-elb', spare), [first, second, third, spare]],
    ['detach', () => world.detach('default-elb', first), [second, third]],
  ] as const)
    it(`is not overwritten by a refresh that began before the ${what}`, async () => {
      await world.ids('default-elb');
      world.aws.resetCalls();
      // The embedded AWS reads the list after 0.6 s, which is before the change, and responds 0.6 s later, after the
      // change.
      world.aws.faults.set([{ actions: [describeElbs], latencyMs: 1200, count: 1 }]);
      const refresh = world.ids('default-elb', noCache);
      await world.eventually(() => world.calls(describeElbs) === 1, 'the refresh is in flight');
      await world.clock.pass(700);
      assert.equal((await change()).status, 201);
      assert.deepEqual(await world.ids('default-elb'), expected);
      await refresh;
      assert.deepEqual(await world.ids('default-elb'), expected);
    });

  it('is available for a load balancer that was just created', async () => {
    await world.ids('default-elb', noCache);
    world.aws.region.changeLoadBalancer('new-elb', { instances: ['i-5203422c'] });
    assert.equal((await world.attach('new-elb', spare)).status, 201);
    world.aws.region.changeLoadBalancer('newer-elb', { instances: ['i-5203422c'] });
    assert.equal((await world.detach('newer-elb', 'i-5203422c')).status, 201);
    world.aws.region.changeLoadBalancer('newest-elb', {});
    const dryRun = await world.ask('/elb/newest-elb?dryRun=true', {
      method: 'POST',
      body: JSON.stringify({ instanceId: spare }),
    });
    assert.equal(dryRun.status, 200, dryRun.body);
  });

  it('reflects an attachment by another client, for which a change returns 409', async () => {
    await world.ids('default-elb');
    world.aws.region.loadBalancer('default-elb').setMembers([first, spare]);
    assert.equal((await world.attach('default-elb', spare)).status, 409);
    assert.equal((await world.detach('default-elb', third)).status, 409);
    assert.deepEqual(await world.ids('default-elb'), [first, spare]);
  });

  it('reflects a detachment by another client, after which an attach succeeds', async () => {
    await world.ids('default-elb');
    world.aws.region.loadBalancer('default-elb').setMembers([second]);
    assert.equal((await world.attach('default-elb', first)).status, 201);
    assert.deepEqual(await world.ids('default-elb'), [second, first]);
  });

  it('is not found when another client has deleted the load balancer', async () => {
    await world.ids('empty-elb');
    world.aws.region.deleteLoadBalancer('empty-elb');
    assert.equal((await world.attach('empty-elb', spare)).status, 404);
    assert.equal((await world.ask('/elb/empty-elb')).status, 404);
  });

  it('is read again when the outcome of the change is unknown', async () => {
    await world.ids('default-elb');
    world.aws.faults.set([{ actions: [register], resetAfter: true }]);
    assert.equal((await world.attach('default-elb', spare)).status, 504);
    world.aws.faults.clear();
    assert.deepEqual(await world.ids('default-elb'), [first, second, third, spare]);
  });

  it('contains all instances of concurrent changes', async () => {
    const spares = world.aws.region.instances().slice(4, 14);
    const answers = await Promise.all(
      spares.map(({ instanceId }) => world.attach('default-elb', instanceId)),
    );
    assert.ok(answers.every(({ status }) => status === 201));
    const expected = [first, second, third, ...spares.map(({ instanceId }) => instanceId)];
    assert.deepEqual((await world.ids('default-elb')).sort(), expected.sort());
  });
});

describe('A single change', () => {
  for (const warm of [true, false])
    it(`sends its checks in parallel, then the change, ${warm ? 'with' : 'without'} a cached list`, async () => {
      const world = await startWorld({ latencyMs: 400 });
      try {
        // Because there are no members, the first read of the region sends no DescribeInstances call.
        for (const { spec } of world.aws.region.loadBalancers())
          world.aws.region.loadBalancer(spec.name).setMembers([]);
        if (warm) await world.ids('default-elb');
        world.aws.resetCalls();
        assert.equal((await world.attach('default-elb', spare)).status, 201);
        assert.equal((await world.detach('default-elb', spare)).status, 201);
        const { log } = world.aws.calls();
        assert.equal(log.length, 6);
        for (const [write, from] of [
          [register, 0],
          [deregister, 3],
        ] as const) {
          const checks = log.slice(from, from + 2);
          assert.deepEqual(checks.map(({ action }) => action).sort(), [describeInstances, describeElbs]);
          assert.equal(log[from + 2]?.action, write);
          assert.ok(
            Math.abs(checks[0]!.atMs - checks[1]!.atMs) < 400,
            'each check began before the other ended',
          );
        }
      } finally {
        await world.close();
      }
    });
});

describe('The empty list in an AWS response to a change', () => {
  let world: World;
  let proxy: LocalServer;
  beforeEach(async () => {
    world = await startWorld({}, { INVENTORY_MAX_AGE_MS: '60000' }, async (aws) => {
      // Like moto, the proxy empties the lists in the responses to changes.
      proxy = await startAwsProxy(aws.url, async (send) => {
        const { status, xml } = await send();
        const isChange = /<(De)?[rR]egisterInstances\w+Response/.test(xml);
        return { status, xml: isChange ? xml.replace(/<Instances>.*<\/Instances>/s, '<Instances/>') : xml };
      });
      return proxy.url;
    });
    await world.ids('default-elb');
    world.aws.resetCalls();
  });
  afterEach(async () => {
    await world.close();
    proxy.close();
  });

  it('is ignored after an attach', async () => {
    assert.equal((await world.attach('default-elb', spare)).status, 201);
    assert.deepEqual(await world.ids('default-elb'), [first, second, third, spare]);
  });

  it('is ignored after a detach', async () => {
    assert.equal((await world.detach('default-elb', second)).status, 201);
    assert.deepEqual(await world.ids('default-elb'), [first, third]);
  });

  it('causes a refresh in the background', async () => {
    world.aws.faults.set([{ actions: [describeElbs], latencyMs: 300 }]);
    await world.attach('default-elb', spare);
    assert.ok((world.aws.calls().actions[describeElbs]?.calls ?? 0) <= 2);
    await world.eventually(() => {
      const { calls, inFlight } = world.aws.calls().actions[describeElbs]!;
      return calls === 2 && inFlight === 0;
    }, 'the check and the refresh have ended');
    world.aws.faults.clear();
    assert.equal((await world.ids('default-elb')).length, 4);
    assert.equal(world.calls(describeElbs), 2);
  });
});
