import assert from 'node:assert/strict';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { EmbeddedAws } from '../../embedded-aws/server.ts';
import { forward } from '../support/forward.ts';
import {
  deregister,
  describeElbs,
  describeInstances,
  noCache,
  register,
  startWorld,
  type World,
} from '../support/world.ts';

const [first, second, stranger] = ['i-5203422c', 'i-0a4f8c3e9d1b27650', 'i-0b22a22eec53b9321'] as const;
const third = 'i-6d304aae';

describe('A list after a change', () => {
  let world: World;
  beforeEach(async () => {
    world = await startWorld();
  });
  afterEach(() => world.close());

  it('shows an attached instance without a call of AWS', async () => {
    await world.ids('default-elb');
    assert.equal((await world.attach('default-elb', stranger)).status, 201);
    world.aws.resetCalls();
    assert.deepEqual(await world.ids('default-elb'), [first, second, third, stranger]);
    assert.equal(world.calls(), 0);
  });

  it('shows a detached instance no longer, without a call of AWS', async () => {
    await world.ids('default-elb');
    assert.equal((await world.detach('default-elb', first)).status, 201);
    world.aws.resetCalls();
    assert.deepEqual(await world.ids('default-elb'), [second, third]);
    assert.equal(world.calls(), 0);
  });

  it('has another ETag, and is 0 s old', async () => {
    const before = await world.ask('/elb/default-elb');
    await world.attach('default-elb', stranger);
    const after = await world.ask('/elb/default-elb');
    assert.notEqual(after.headers.get('etag'), before.headers.get('etag'));
    assert.equal(after.headers.get('age'), '0');
  });

  for (const [what, change, expected] of [
    ['attach', () => world.attach('default-elb', stranger), [first, second, third, stranger]],
    ['detach', () => world.detach('default-elb', first), [second, third]],
  ] as const)
    it(`is not set back by a refresh that began before the ${what}`, async () => {
      await world.ids('default-elb');
      world.aws.resetCalls();
      // AWS takes the list of this refresh after 0.6 s, before the change, and answers 0.6 s later, after it.
      world.aws.faults.set([{ actions: [describeElbs], latencyMs: 1200, count: 1 }]);
      const refresh = world.ids('default-elb', noCache);
      await world.eventually(() => world.calls(describeElbs) === 1, 'the refresh is under way');
      await world.clock.pass(700);
      assert.equal((await change()).status, 201);
      assert.deepEqual(await world.ids('default-elb'), expected);
      await refresh;
      assert.deepEqual(await world.ids('default-elb'), expected);
    });

  it('finds a load balancer that was created a moment ago', async () => {
    await world.ids('default-elb', noCache);
    world.aws.region.changeLoadBalancer('new-elb', { instances: ['i-5203422c'] });
    const spare = 'i-0b22a22eec53b9321';
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

  it('checks membership with AWS itself: what was attached behind its back is 409 at once', async () => {
    await world.ids('default-elb');
    world.aws.region.setMembers('default-elb', [first, stranger]);
    assert.equal((await world.attach('default-elb', stranger)).status, 409);
    assert.equal((await world.detach('default-elb', third)).status, 409);
    assert.deepEqual(await world.ids('default-elb'), [first, stranger]);
  });

  it('checks membership with AWS itself: what was detached behind its back can be attached again', async () => {
    await world.ids('default-elb');
    world.aws.region.setMembers('default-elb', [second]);
    assert.equal((await world.attach('default-elb', first)).status, 201);
    assert.deepEqual(await world.ids('default-elb'), [second, first]);
  });

  it('tells of a load balancer that was deleted behind its back: 404', async () => {
    await world.ids('empty-elb');
    world.aws.region.deleteLoadBalancer('empty-elb');
    assert.equal((await world.attach('empty-elb', stranger)).status, 404);
    assert.equal((await world.ask('/elb/empty-elb')).status, 404);
  });

  it('is doubted, and read again, when nobody knows whether the change was made', async () => {
    await world.ids('default-elb');
    world.aws.faults.set([{ actions: [register], resetAfter: true }]);
    assert.equal((await world.attach('default-elb', stranger)).status, 504);
    world.aws.faults.clear();
    assert.deepEqual(await world.ids('default-elb'), [first, second, third, stranger]);
  });

  it('is right after changes of many instances at once', async () => {
    const spare = world.aws.region.instances().slice(4, 14);
    const answers = await Promise.all(spare.map(({ instanceId }) => world.attach('default-elb', instanceId)));
    assert.ok(answers.every(({ status }) => status === 201));
    const expected = [first, second, third, ...spare.map(({ instanceId }) => instanceId)];
    assert.deepEqual((await world.ids('default-elb')).sort(), expected.sort());
  });
});

describe('A change', () => {
  for (const warm of [true, false])
    it(`waits for two calls of AWS one after the other, ${warm ? 'with' : 'without'} a list before`, async () => {
      const world = await startWorld({ latencyMs: 400 });
      try {
        // Without members, the first read of the region has no other instances to look up.
        for (const { spec } of world.aws.region.loadBalancers()) world.aws.region.setMembers(spec.name, []);
        if (warm) await world.ids('default-elb');
        world.aws.resetCalls();
        assert.equal((await world.attach('default-elb', stranger)).status, 201);
        assert.equal((await world.detach('default-elb', stranger)).status, 201);
        const { log } = world.aws.calls();
        assert.equal(log.length, 6);
        for (const [write, from] of [
          [register, 0],
          [deregister, 3],
        ] as const) {
          const checks = log.slice(from, from + 2);
          assert.deepEqual(checks.map(({ action }) => action).sort(), [describeInstances, describeElbs]);
          assert.equal(log[from + 2]?.action, write);
          // Side by side: each was asked before the other had been answered.
          assert.ok(Math.abs(checks[0]!.atMs - checks[1]!.atMs) < 400, 'side by side');
        }
      } finally {
        await world.close();
      }
    });
});

/** An AWS like moto: it answers changes with an empty list. */
async function startLax(aws: EmbeddedAws): Promise<Server> {
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const { authorization = '', 'content-type': type = '' } = request.headers;
      const headers = { Authorization: authorization, 'Content-Type': type };
      void forward(aws.url, headers, Buffer.concat(chunks)).then(({ status, text }) => {
        const isChange = /<(De)?[rR]egisterInstances\w+Response/.test(text);
        response.writeHead(status, { 'content-type': 'text/xml' });
        response.end(isChange ? text.replace(/<Instances>.*<\/Instances>/s, '<Instances/>') : text);
      });
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return server;
}

describe('An AWS that answers changes with an empty list', () => {
  let world: World;
  let lax: Server;
  beforeEach(async () => {
    world = await startWorld({}, { INVENTORY_MAX_AGE_MS: '60000' }, async (aws) => {
      lax = await startLax(aws);
      return `http://127.0.0.1:${(lax.address() as AddressInfo).port}`;
    });
    await world.ids('default-elb');
    world.aws.resetCalls();
  });
  afterEach(async () => {
    await world.close();
    lax.close();
    lax.closeAllConnections();
  });

  it('is not believed after an attach', async () => {
    assert.equal((await world.attach('default-elb', stranger)).status, 201);
    assert.deepEqual(await world.ids('default-elb'), [first, second, third, stranger]);
  });

  it('is not believed after a detach', async () => {
    assert.equal((await world.detach('default-elb', second)).status, 201);
    assert.deepEqual(await world.ids('default-elb'), [first, third]);
  });

  it('is asked again without a request, after answering', async () => {
    world.aws.faults.set([{ actions: [describeElbs], latencyMs: 300 }]);
    await world.attach('default-elb', stranger);
    assert.ok((world.aws.calls().actions[describeElbs]?.calls ?? 0) <= 2);
    await world.eventually(() => {
      const { calls, inFlight } = world.aws.calls().actions[describeElbs]!;
      return calls === 2 && inFlight === 0;
    }, 'the check and the second look are over');
    world.aws.faults.clear();
    assert.equal((await world.ids('default-elb')).length, 4);
    assert.equal(world.calls(describeElbs), 2);
  });
});
