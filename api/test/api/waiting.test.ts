import assert from 'node:assert/strict';
import { request } from 'node:http';
import { token } from '../support/service.ts';
import { describeElbs, describeHealth, register, startWorld, type World } from '../support/world.ts';

const [member, spare, stopped] = ['i-5203422c', 'i-0b22a22eec53b9321', 'i-091aeb5c6738d523f'] as const;
const spares = ['i-0b22a22eec53b9321', 'i-0c4d1e7f8a9b03562', 'i-0d5e2f809b1c14673', 'i-0e6f30a1bc2d25784'];
const messageOf = ({ body }: { body: string }) => (JSON.parse(body) as { message: string }).message;
const changeOf = ({ body }: { body: string }) =>
  (
    JSON.parse(body) as {
      message: {
        instanceId: string;
        instanceType: string;
        dryRun?: boolean;
        note?: string;
        health: { instanceId: string; state: string; why: string };
      };
    }
  ).message;
const healthOf = (answer: { body: string }) => changeOf(answer).health;

describe('A change', () => {
  let world: World;
  beforeEach(async () => {
    world = await startWorld();
  });
  afterEach(() => world.close());
  const attach = (elbName: string, instanceId: string, query = 'wait=in-service') =>
    world.ask(`/elb/${elbName}?${query}`, { method: 'POST', body: JSON.stringify({ instanceId }) });
  const detach = (elbName: string, instanceId: string, query = 'wait=drained') =>
    world.ask(`/elb/${elbName}?instanceId=${instanceId}&${query}`, { method: 'DELETE' });
  const untilCalled = (action: string, times = 1) =>
    world.eventually(() => world.calls(action) >= times, `${times} calls of ${action}`);

  it('with wait returns the error without waiting when the change is refused', async () => {
    assert.equal((await attach('default-elb', member)).status, 409);
    assert.equal((await detach('default-elb', spare)).status, 409);
    assert.equal((await attach('no-such-elb', spare)).status, 404);
    assert.equal((await attach('other-vpc-elb', spare)).status, 400);
    assert.equal(world.calls(describeHealth), 0);
  });

  it('with wait=in-service returns 202 with the health and its location when the timeout has elapsed', async () => {
    const answer = await attach('default-elb', spare, 'wait=in-service&timeout=1');
    assert.equal(answer.status, 202, answer.body);
    assert.equal(answer.headers.get('location'), '/elb/default-elb/health');
    assert.match(answer.headers.get('retry-after')!, /^1[2345]$/);
    const entry = healthOf(answer);
    assert.deepEqual([entry.instanceId, entry.state], [spare, 'OutOfService']);
    assert.deepEqual([changeOf(answer).instanceId, changeOf(answer).instanceType], [spare, 't3.micro']);
    assert.match(entry.why, /registration is in progress.*at the earliest in 1\d s/);
    assert.ok((await world.ids('default-elb')).includes(spare));
  });

  it('with wait=in-service returns 201 as soon as the instance is in service', async () => {
    let answered = false;
    const waiting = attach('default-elb', spare).then((answer) => {
      answered = true;
      return answer;
    });
    await untilCalled(describeHealth, 2);
    assert.equal(answered, false);
    world.aws.region.clock.advance(16);
    const answer = await waiting;
    assert.equal(answer.status, 201, answer.body);
    assert.equal(changeOf(answer).instanceId, spare);
  });

  it('with wait=drained returns 202 while the instance drains and 201 when draining has ended', async () => {
    const late = await detach('default-elb', member, 'wait=drained&timeout=1');
    assert.equal(late.status, 202);
    assert.match(healthOf(late).why, /drains its connections until/);
    const waiting = detach('default-elb', 'i-6d304aae');
    await untilCalled(describeHealth, 3);
    world.aws.region.clock.advance(21);
    assert.equal((await waiting).status, 201);
  });

  it('with wait=drained returns 201 immediately for an instance that was out of service', async () => {
    world.aws.region.loadBalancer('default-elb').setMembers([member, stopped]);
    assert.equal((await detach('default-elb', stopped)).status, 201);
  });

  it('with wait=drained returns 201 when AWS does not report the instance any more', async () => {
    const waiting = detach('default-elb', member);
    await untilCalled(describeHealth);
    world.aws.region.clock.advance(60);
    assert.equal((await waiting).status, 201);
  });

  for (const draining of ['drop', 'keep'] as const) {
    describe(`with wait=in-service of a draining instance when AWS ${draining}s the attachment`, () => {
      beforeEach(() => {
        world.aws.region.changeBehaviour({ draining });
      });

      it('returns 202 with an explanation while the instance drains', async () => {
        await detach('default-elb', member, '');
        const answer = await attach('default-elb', member, 'wait=in-service&timeout=1');
        assert.equal(answer.status, 202);
        assert.match(healthOf(answer).why, /attached again and still drains its connections until \d{4}-/);
      });

      it('returns 201 when the instance is in service', async () => {
        await detach('default-elb', member, '');
        world.aws.resetCalls();
        const waiting = attach('default-elb', member);
        await untilCalled(describeHealth);
        world.aws.region.clock.advance(21);
        const registers = draining === 'drop' ? 2 : 1;
        await untilCalled(register, registers);
        world.aws.region.clock.advance(16);
        const answer = await waiting;
        assert.equal(answer.status, 201, answer.body);
        assert.equal(world.calls(register), registers);
        assert.equal(
          changeOf(answer).note?.includes('was attached again'),
          draining === 'drop' ? true : undefined,
        );
        const line = await world.service.logged(({ msg, method }) => msg === 'request' && method === 'POST');
        // DescribeLoadBalancers, DescribeInstances and Register for each attachment; health and attributes for the draining.
        assert.equal((line['awsRequestIds'] as string[]).length, 3 * registers + 2);
        assert.ok((await world.ids('default-elb')).includes(member));
      });

      it('returns 201 when the instance is in service after a detach by another client', async () => {
        world.aws.region.loadBalancer('default-elb').deregister([member]);
        const waiting = attach('default-elb', member);
        await untilCalled(describeHealth);
        world.aws.region.clock.advance(21);
        await untilCalled(register, draining === 'drop' ? 2 : 1);
        world.aws.region.clock.advance(16);
        assert.equal((await waiting).status, 201);
      });
    });
  }

  it('with wait=in-service returns 409 when the second attachment after draining is lost as well', async () => {
    world.aws.region.changeBehaviour({ draining: 'drop' });
    await detach('default-elb', member, '');
    const waiting = attach('default-elb', member);
    await untilCalled(describeHealth);
    world.aws.region.clock.advance(21);
    await untilCalled(register, 2);
    world.aws.region.loadBalancer('default-elb').setMembers([]);
    const answer = await waiting;
    assert.equal(answer.status, 409, answer.body);
    assert.match(
      messageOf(answer),
      /attached to default-elb and reattached after draining, but it is no longer a member/,
    );
    assert.equal(world.calls(register), 2);
  });

  it('with wait=in-service reports the first attachment when the second attachment fails', async () => {
    world.aws.region.changeBehaviour({ draining: 'drop' });
    await detach('default-elb', member, '');
    const waiting = attach('default-elb', member);
    await untilCalled(describeHealth);
    world.aws.region.changeInstance(member, { state: 'stopping' });
    world.aws.region.clock.advance(21);
    const answer = await waiting;
    assert.equal(answer.status, 400, answer.body);
    assert.match(
      messageOf(answer),
      /was attached to default-elb while it was draining, and was no longer a member/,
    );
  });

  it('with wait=in-service does not attach an instance again that the service has detached during the wait', async () => {
    await detach('default-elb', member, '');
    const waiting = attach('default-elb', member);
    await untilCalled(describeHealth);
    assert.equal((await detach('default-elb', member, '')).status, 201);
    world.aws.region.clock.advance(21);
    const answer = await waiting;
    assert.equal(answer.status, 409, answer.body);
    assert.match(messageOf(answer), /another client detached it/);
    assert.equal(world.calls(register), 1);
  });

  it('with wait=in-service does not attach an instance again that was detached before the wait began', async () => {
    world.aws.region.changeBehaviour({ draining: 'drop' });
    await detach('default-elb', member, '');
    world.aws.faults.set([{ actions: ['DescribeLoadBalancerAttributes'], latencyMs: 1000 }]);
    const waiting = attach('default-elb', member);
    await untilCalled('DescribeLoadBalancerAttributes');
    assert.equal((await detach('default-elb', member, '')).status, 201);
    // The attachment reads the health once; then the wait reads it.
    await untilCalled(describeHealth, 2);
    world.aws.region.clock.advance(21);
    const answer = await waiting;
    assert.equal(answer.status, 409, answer.body);
    assert.match(messageOf(answer), /another client detached it/);
    assert.equal(world.calls(register), 1);
  });

  it('with wait=in-service reports an unknown outcome when the second attachment fails without a response', async () => {
    world.aws.region.changeBehaviour({ draining: 'drop' });
    await detach('default-elb', member, '');
    const waiting = attach('default-elb', member);
    await untilCalled(describeHealth);
    world.aws.faults.set([{ actions: [register], status: 500 }]);
    world.aws.region.clock.advance(21);
    const answer = await waiting;
    assert.equal(answer.status, 502, answer.body);
    assert.match(
      messageOf(answer),
      /was attached to default-elb .*; it is unknown whether it was attached again, so look/,
    );
  });

  it('with wait=in-service continues while AWS lists the member without health', async () => {
    world.aws.region.changeBehaviour({ registrationLag: 20 });
    const waiting = attach('default-elb', spare);
    await untilCalled(describeHealth, 5);
    assert.ok(world.calls(describeElbs) <= 4, `${world.calls(describeElbs)} calls of DescribeLoadBalancers`);
    world.aws.region.clock.advance(20);
    const answer = await waiting;
    assert.equal(answer.status, 201, answer.body);
  });

  it('with wait=in-service returns 202 for a terminated instance and 409 when AWS has removed it', async () => {
    const late = attach('default-elb', spare, 'wait=in-service&timeout=2');
    const lost = attach('default-elb', spares[1]!);
    const both = [spare, spares[1]!];
    const members = () => world.aws.region.members('default-elb');
    await world.eventually(() => both.every((id) => members().includes(id)), 'both instances are attached');
    await untilCalled(describeHealth, 2);
    for (const id of both) world.aws.region.changeInstance(id, { state: 'terminated' });
    const answer = await late;
    assert.equal(answer.status, 202, answer.body);
    assert.match(healthOf(answer).why, /its EC2 state is terminated/);
    world.aws.region.clock.advance(61);
    const gone = await lost;
    assert.equal(gone.status, 409);
    assert.match(messageOf(gone), /no longer a member: its EC2 state is terminated; attach another instance/);
  });

  for (const formerMembers of ['out-of-service', 'unknown', 'invalid-instance'] as const)
    it(`with wait=drained returns 201 when AWS reports a former member as ${formerMembers}`, async () => {
      world.aws.region.changeBehaviour({ formerMembers });
      const waiting = detach('default-elb', member);
      await untilCalled(describeHealth, 2);
      world.aws.region.clock.advance(21);
      assert.equal((await waiting).status, 201);
    });

  it('with wait=drained continues while AWS lists the draining instance', async () => {
    world.aws.region.changeBehaviour({ listDraining: true, formerMembers: 'unknown' });
    const late = await detach('default-elb', member, 'wait=drained&timeout=1');
    assert.equal(late.status, 202);
    const waiting = detach('default-elb', 'i-6d304aae');
    await untilCalled(describeHealth, 4);
    world.aws.region.clock.advance(21);
    assert.equal((await waiting).status, 201);
  });

  it('with wait returns 409 when another client detaches the instance during the wait', async () => {
    const waiting = attach('default-elb', spare);
    await untilCalled(describeHealth);
    world.aws.region.loadBalancer('default-elb').setMembers([member]);
    const answer = await waiting;
    assert.equal(answer.status, 409, answer.body);
    assert.match(messageOf(answer), /was attached to default-elb, but it is no longer a member/);
  });

  it('with wait returns 404 and reports the change when the load balancer is deleted during the wait', async () => {
    const waiting = attach('default-elb', spare);
    await untilCalled(describeHealth);
    world.aws.region.deleteLoadBalancer('default-elb');
    const answer = await waiting;
    assert.equal(answer.status, 404);
    assert.match(messageOf(answer), /does not exist.*i-0b22a22eec53b9321 was attached to default-elb before/);
  });

  it('with wait returns 202 with unknown health when AWS throttles the health reads until the timeout', async () => {
    world.aws.faults.set([{ throttle: true, actions: [describeHealth] }]);
    const late = await attach('default-elb', spare, 'wait=in-service&timeout=5');
    assert.equal(late.status, 202);
    assert.match(healthOf(late).why, /unknown because AWS throttled the request/);
  });

  it('with wait continues when AWS throttles the health reads temporarily', async () => {
    const waiting = attach('default-elb', spare);
    await untilCalled(describeHealth);
    world.aws.faults.set([{ throttle: true, actions: [describeHealth] }]);
    await world.eventually(
      () => (world.aws.calls().actions[describeHealth]?.throttled ?? 0) >= 2,
      'AWS throttles two health reads',
    );
    world.aws.faults.clear();
    world.aws.region.clock.advance(16);
    assert.equal((await waiting).status, 201);
  });

  it('with wait shares Register calls and health reads with concurrent changes of the same load balancer', async () => {
    await world.ids('default-elb');
    world.aws.resetCalls();
    world.aws.faults.set([{ actions: [register], latencyMs: 2000 }]);
    const waiting = spares.map((id) => attach('default-elb', id));
    await untilCalled(describeHealth, 3);
    assert.ok(world.calls(register) < spares.length, `${world.calls(register)} calls of Register`);
    world.aws.region.clock.advance(16);
    assert.deepEqual(
      (await Promise.all(waiting)).map(({ status }) => status),
      [201, 201, 201, 201],
    );
    assert.equal(world.aws.calls().actions[describeHealth]!.maxInFlight, 1);
  });

  it('with wait succeeds when AWS refuses another instance of the same Register call', async () => {
    // EC2 describes the instance during the checks; then ELB rejects it.
    world.aws.faults.set([{ actions: [register], latencyMs: 300, count: 1 }]);
    const waiting = [...spares, 'i-0f7041b2cd3e36895'].map((id) => attach('empty-elb', id, ''));
    await world.eventually(() => world.calls('DescribeInstances') >= 1, 'DescribeInstances was called');
    world.aws.region.changeInstance('i-0f7041b2cd3e36895', { forgotten: true });
    const statuses = (await Promise.all(waiting)).map(({ status }) => status);
    assert.deepEqual(statuses, [201, 201, 201, 201, 400]);
  });

  it('with wait stops calling AWS when the client disconnects', async () => {
    const body = JSON.stringify({ instanceId: spare });
    const disconnecting = request(`${world.service.url}/elb/default-elb?wait=in-service`, {
      method: 'POST',
      headers: { Authorization: `Basic ${token}`, 'Content-Length': body.length },
    });
    disconnecting.on('error', () => undefined);
    disconnecting.end(body);
    await untilCalled(describeHealth);
    const waiting = async () => {
      const { body: text } = await world.ask('/status');
      return (JSON.parse(text) as { message: { requests: { waiting: number } } }).message.requests.waiting;
    };
    assert.equal(await waiting(), 1);
    disconnecting.destroy();
    await world.eventually(async () => (await waiting()) === 0, 'no request waits');
    const before = world.calls(describeHealth);
    await world.clock.pass(1500);
    assert.ok(world.calls(describeHealth) <= before + 1);
  });

  it('with wait returns 503 and reports the change when the service shuts down', async () => {
    const attaching = attach('default-elb', spare);
    const detaching = detach('default-elb', member);
    await world.eventually(
      () => world.calls('DeregisterInstancesFromLoadBalancer') === 1,
      'the instance is detached',
    );
    await untilCalled(describeHealth, 2);
    void world.service.close();
    const [attached, detached] = await Promise.all([attaching, detaching]);
    assert.deepEqual([attached.status, detached.status], [503, 503]);
    assert.match(
      messageOf(attached),
      /i-0b22a22eec53b9321 was attached to default-elb, but .* closing.*\/health/,
    );
    assert.match(messageOf(detached), /i-5203422c was detached from default-elb, but .* closing/);
    assert.ok(attached.headers.has('retry-after'));
  });

  it('with wait returns immediately and changes nothing in a dry run', async () => {
    const attached = await attach('default-elb', spare, 'dryRun=true&wait=in-service');
    assert.equal(attached.status, 200);
    assert.deepEqual(
      [changeOf(attached).instanceId, changeOf(attached).instanceType, changeOf(attached).dryRun],
      [spare, 't3.micro', true],
    );
    assert.match(
      changeOf(attached).note!,
      /i-0b22a22eec53b9321 would be attached to default-elb; nothing was changed/,
    );
    const detached = await detach('default-elb', member, 'dryRun=true');
    assert.equal(detached.status, 200);
    assert.match(
      changeOf(detached).note!,
      /i-5203422c would be detached from default-elb; nothing was changed/,
    );
    for (const [answer, status] of [
      [await attach('default-elb', member, 'dryRun=true'), 409],
      [await detach('default-elb', spare, 'dryRun=true'), 409],
      [await attach('no-such-elb', spare, 'dryRun=true'), 404],
      [await attach('default-elb', 'i-00000000', 'dryRun=true'), 400],
      [await attach('other-vpc-elb', spare, 'dryRun=true'), 400],
      [await attach('default-elb', 'i-0a2bfc6d7849e6340', 'dryRun=true'), 400],
    ] as const)
      assert.equal(answer.status, status, answer.body);
    assert.equal(world.calls(register) + world.calls('DeregisterInstancesFromLoadBalancer'), 0);
  });
});
