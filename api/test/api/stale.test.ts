import assert from 'node:assert/strict';
import type { Fault } from '../../embedded-aws/faults.ts';
import { describeElbs, noCache, outageLines, startWorld, type World } from '../support/world.ts';

const path = '/elb/default-elb';
const env = { INVENTORY_MAX_AGE_MS: '300', AWS_DEADLINE_MS: '5000', AWS_ANSWER_TIMEOUT_MS: '1000' };
const failures: [string, Fault, number][] = [
  ['throttles calls', { throttle: true }, 503],
  ['denies access', { refuse: true }, 502],
  ['resets connections', { reset: true }, 504],
  ['does not respond', { silent: true }, 504],
];

for (const [what, fault, status] of failures)
  describe(`The service while AWS ${what}`, () => {
    let world: World;
    beforeEach(async () => {
      world = await startWorld({}, env);
      await world.ids('default-elb');
      world.aws.faults.set([fault]);
      await world.clock.pass(350);
    });
    afterEach(() => world.close());
    const waitForOutage = () =>
      world.eventually(() => outageLines(world.service).length > 0, 'the outage is logged');

    it(`returns ${status} immediately, not 404, for a load balancer that is not cached`, async () => {
      await world.ask(path);
      await waitForOutage();
      const began = world.clock.now();
      const answer = await world.ask('/elb/never-heard-of');
      assert.equal(answer.status, status);
      assert.equal(answer.headers.has('retry-after'), status !== 502);
      assert.ok(world.clock.now() - began < 3000, 'a request waited for AWS');
    });

    it(`returns ${status} immediately for no-cache reads and for changes`, async () => {
      await world.ask(path);
      await waitForOutage();
      const began = world.clock.now();
      const answers = await Promise.all([
        world.ask(path, { headers: noCache }),
        world.ask(path, { headers: { 'Cache-Control': 'max-age=0' } }),
      ]);
      assert.ok(world.clock.now() - began < 3000, 'a request waited for AWS');
      answers.push(await world.attach('default-elb', 'i-0b22a22eec53b9321'));
      assert.deepEqual(
        answers.map((answer) => answer.status),
        [status, status, status],
      );
    });

    it('returns cached lists marked as stale and logs the start and the end of the outage once', async () => {
      let slowest = 0;
      const until = world.clock.now() + 2500;
      let answer = await world.ask(path);
      while (world.clock.now() < until) {
        const began = world.clock.now();
        answer = await world.ask(path);
        slowest = Math.max(slowest, world.clock.now() - began);
        assert.equal(answer.status, 200);
        assert.match(answer.headers.get('cache-status')!, /; hit; detail=/);
        await world.clock.pass(100);
      }
      assert.ok(slowest < 3000, `the slowest read took ${slowest} ms`);
      assert.ok(Number(answer.headers.get('age')) >= 2);
      assert.match(answer.headers.get('cache-status')!, /ttl=-\d/);
      assert.deepEqual(
        outageLines(world.service).map(({ level }) => level),
        [40],
      );

      world.aws.region.loadBalancer('default-elb').setMembers(['i-6d304aae']);
      world.aws.faults.clear();
      world.aws.resetCalls();
      // The recovery does not require a request.
      await world.eventually(
        () => world.aws.calls().log.some(({ outcome }) => outcome === 'OK'),
        'a call of AWS succeeds',
      );
      await world.eventually(() => outageLines(world.service).length === 2, 'the end is logged');
      assert.deepEqual(await world.ids('default-elb'), ['i-6d304aae']);
      assert.doesNotMatch((await world.ask(path)).headers.get('cache-status')!, /detail/);
    });
  });

describe('An AWS outage', () => {
  let world: World;
  afterEach(() => world.close());

  it('of ELB alone fails changes immediately, without waiting for EC2', async () => {
    world = await startWorld({}, env);
    await world.ids('default-elb');
    world.aws.faults.set([
      { service: 'elb', refuse: true },
      { service: 'ec2', latencyMs: 4000 },
    ]);
    const began = world.clock.now();
    assert.equal((await world.attach('default-elb', 'i-0b22a22eec53b9321')).status, 502);
    assert.equal((await world.detach('default-elb', 'i-5203422c')).status, 502);
    assert.ok(world.clock.now() - began < 3900, 'a change waited for EC2');
  });

  it('is probed about once a second by one call', async () => {
    world = await startWorld({}, env);
    await world.ids('default-elb');
    world.aws.faults.set([{ refuse: true }]);
    await world.clock.pass(350);
    await world.ask(path);
    await world.eventually(() => outageLines(world.service).length > 0, 'the outage is logged');
    world.aws.resetCalls();
    const until = world.clock.now() + 3000;
    while (world.clock.now() < until) {
      await Promise.all([world.ask(path), world.ask(path, { headers: noCache })]);
      await world.clock.pass(100);
    }
    const { calls, maxInFlight } = world.aws.calls().actions[describeElbs]!;
    assert.ok(calls >= 2 && calls <= 4, `${calls} probes in 3 s`);
    assert.equal(maxInFlight, 1);
  });

  it('turns cached lists into 503 responses after INVENTORY_MAX_STALE_MS', async () => {
    world = await startWorld({}, { ...env, INVENTORY_MAX_STALE_MS: '1500' });
    await world.ids('default-elb');
    world.aws.faults.set([{ throttle: true }]);
    await world.clock.pass(400);
    assert.equal((await world.ask(path)).status, 200);
    await world.clock.pass(1500);
    const answer = await world.ask(path);
    assert.equal(answer.status, 503);
    assert.match(answer.headers.get('retry-after')!, /^\d+$/);
    world.aws.faults.clear();
    await world.eventually(async () => (await world.ask(path)).status === 200, 'the list is available again');
  });

  it('of EC2 alone leaves lists fresh with cached instance details', async () => {
    world = await startWorld({}, env);
    await world.ids('default-elb');
    world.aws.faults.set([{ service: 'ec2', throttle: true }]);
    world.aws.region.loadBalancer('default-elb').setMembers(['i-6d304aae']);
    await world.clock.pass(350);
    const answer = await world.ask(path);
    assert.equal(answer.status, 200);
    assert.match(answer.body, /m3\.large/);
    assert.equal((await world.ask(path, { headers: noCache })).status, 503);
  });
});
