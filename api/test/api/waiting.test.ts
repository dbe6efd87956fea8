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
const entryOf = (answer: { body: string }) => changeOf(answer).health;

describe('Waiting', () => {
  let world: World;
  beforeEach(async () => {
    world = await startWorld();
  });
  afterEach(() => world.close());
  const attach = (elbName: string, instanceId: string, query = 'wait=in-service') =>
    world.ask(`/elb/${elbName}?${query}`, { method: 'POST', body: JSON.stringify({ instanceId }) });
  const detach = (elbName: string, instanceId: string, query = 'wait=drained') =>
    world.ask(`/elb/${elbName}?instanceId=${instanceId}&${query}`, { method: 'DELETE' });
  const seen = (action: string, times = 1) =>
    world.eventually(() => world.calls(action) >= times, `${times} of ${action}`);

  it('is over before it begins where the change is refused', async () => {
    assert.equal((await attach('default-elb', member)).status, 409);
    assert.equal((await detach('default-elb', spare)).status, 409);
    assert.equal((await attach('no-such-elb', spare)).status, 404);
    assert.equal((await attach('other-vpc-elb', spare)).status, 400);
    assert.equal(world.calls(describeHealth), 0);
  });

  it('for in-service answers 202 when it takes too long, and says how it stands and where to look', async () => {
    const answer = await attach('default-elb', spare, 'wait=in-service&timeout=1');
    assert.equal(answer.status, 202, answer.body);
    assert.equal(answer.headers.get('location'), '/elb/default-elb/health');
    assert.match(answer.headers.get('retry-after')!, /^1[2345]$/);
    const entry = entryOf(answer);
    assert.deepEqual([entry.instanceId, entry.state], [spare, 'OutOfService']);
    assert.deepEqual([changeOf(answer).instanceId, changeOf(answer).instanceType], [spare, 't3.micro']);
    assert.match(entry.why, /registration is in progress.*at the earliest in 1\d s/);
    assert.ok((await world.ids('default-elb')).includes(spare));
  });

  it('for in-service answers 201 once AWS says so, and not before', async () => {
    let answered = false;
    const waiting = attach('default-elb', spare).then((answer) => {
      answered = true;
      return answer;
    });
    await seen(describeHealth, 2);
    assert.equal(answered, false);
    world.aws.region.advance(16);
    const answer = await waiting;
    assert.equal(answer.status, 201, answer.body);
    assert.equal(changeOf(answer).instanceId, spare);
  });

  it('for drained answers 202 while connections are left, and 201 once there are none', async () => {
    const late = await detach('default-elb', member, 'wait=drained&timeout=1');
    assert.equal(late.status, 202);
    assert.match(entryOf(late).why, /drains its connections until/);
    const waiting = detach('default-elb', 'i-6d304aae');
    await seen(describeHealth, 3);
    world.aws.region.advance(21);
    assert.equal((await waiting).status, 201);
  });

  it('for drained is over at once for an instance that was out of service', async () => {
    world.aws.region.setMembers('default-elb', [member, stopped]);
    assert.equal((await detach('default-elb', stopped)).status, 201);
  });

  it('for drained is over when AWS knows the instance no longer', async () => {
    const waiting = detach('default-elb', member);
    await seen(describeHealth);
    world.aws.region.advance(60);
    assert.equal((await waiting).status, 201);
  });

  for (const draining of ['drop', 'keep'] as const) {
    describe(`for in-service of an instance that drains, where AWS ${draining}s the attachment`, () => {
      beforeEach(() => {
        world.aws.region.changeBehaviour({ draining });
      });

      it('answers 202 and why while it drains', async () => {
        await detach('default-elb', member, '');
        const answer = await attach('default-elb', member, 'wait=in-service&timeout=1');
        assert.equal(answer.status, 202);
        assert.match(
          entryOf(answer).why,
          /attached again while it still drains its connections until \d{4}-/,
        );
      });

      it('answers 201 once it serves', async () => {
        await detach('default-elb', member, '');
        world.aws.resetCalls();
        const waiting = attach('default-elb', member);
        await seen(describeHealth);
        world.aws.region.advance(21);
        const registers = draining === 'drop' ? 2 : 1;
        await seen(register, registers);
        world.aws.region.advance(16);
        const answer = await waiting;
        assert.equal(answer.status, 201, answer.body);
        assert.equal(world.calls(register), registers);
        assert.equal(
          changeOf(answer).note?.includes('was attached again'),
          draining === 'drop' ? true : undefined,
        );
        assert.ok((await world.ids('default-elb')).includes(member));
      });

      it('answers 201 once it serves where somebody else detached it before', async () => {
        world.aws.region.deregister('default-elb', [member]);
        const waiting = attach('default-elb', member);
        await seen(describeHealth);
        world.aws.region.advance(21);
        await seen(register, draining === 'drop' ? 2 : 1);
        world.aws.region.advance(16);
        assert.equal((await waiting).status, 201);
      });
    });
  }

  it('for in-service answers 409 when the second attachment after the draining is lost, too', async () => {
    world.aws.region.changeBehaviour({ draining: 'drop' });
    await detach('default-elb', member, '');
    const waiting = attach('default-elb', member);
    await seen(describeHealth);
    world.aws.region.advance(21);
    await seen(register, 2);
    world.aws.region.setMembers('default-elb', []);
    const answer = await waiting;
    assert.equal(answer.status, 409, answer.body);
    assert.match(
      messageOf(answer),
      /attached to default-elb, again when its draining had ended, but it is no member/,
    );
    assert.equal(world.calls(register), 2);
  });

  it('for in-service says what was done where the second attachment fails', async () => {
    world.aws.region.changeBehaviour({ draining: 'drop' });
    await detach('default-elb', member, '');
    const waiting = attach('default-elb', member);
    await seen(describeHealth);
    world.aws.region.changeInstance(member, { state: 'stopping' });
    world.aws.region.advance(21);
    const answer = await waiting;
    assert.equal(answer.status, 400, answer.body);
    assert.match(messageOf(answer), /was attached to default-elb while it drained and was no member/);
  });

  it('for in-service does not attach again what this service has detached meanwhile', async () => {
    await detach('default-elb', member, '');
    const waiting = attach('default-elb', member);
    await seen(describeHealth);
    assert.equal((await detach('default-elb', member, '')).status, 201);
    world.aws.region.advance(21);
    const answer = await waiting;
    assert.equal(answer.status, 409, answer.body);
    assert.match(messageOf(answer), /somebody else detached it/);
    assert.equal(world.calls(register), 1);
  });

  it('for in-service does not attach again what was detached before the wait had begun', async () => {
    world.aws.region.changeBehaviour({ draining: 'drop' });
    await detach('default-elb', member, '');
    world.aws.faults.set([{ actions: ['DescribeLoadBalancerAttributes'], latencyMs: 1000 }]);
    const waiting = attach('default-elb', member);
    await seen('DescribeLoadBalancerAttributes');
    assert.equal((await detach('default-elb', member, '')).status, 201);
    // The first look is that of the attachment, the second one that of the wait.
    await seen(describeHealth, 2);
    world.aws.region.advance(21);
    const answer = await waiting;
    assert.equal(answer.status, 409, answer.body);
    assert.match(messageOf(answer), /somebody else detached it/);
    assert.equal(world.calls(register), 1);
  });

  it('for in-service leaves it open whether a second attachment without an answer was made', async () => {
    world.aws.region.changeBehaviour({ draining: 'drop' });
    await detach('default-elb', member, '');
    const waiting = attach('default-elb', member);
    await seen(describeHealth);
    world.aws.faults.set([{ actions: [register], status: 500 }]);
    world.aws.region.advance(21);
    const answer = await waiting;
    assert.equal(answer.status, 502, answer.body);
    assert.match(
      messageOf(answer),
      /was attached to default-elb .*; whether it was attached again is unknown, so look/,
    );
  });

  it('for in-service continues while AWS lists the member and does not know its health yet', async () => {
    world.aws.region.changeBehaviour({ registrationLag: 20 });
    const waiting = attach('default-elb', spare);
    await seen(describeHealth, 5);
    assert.ok(world.calls(describeElbs) <= 4, `${world.calls(describeElbs)} of DescribeLoadBalancers`);
    world.aws.region.advance(20);
    const answer = await waiting;
    assert.equal(answer.status, 201, answer.body);
  });

  it('for in-service answers 202, and 409 once AWS drops it, when the instance is terminated meanwhile', async () => {
    const late = attach('default-elb', spare, 'wait=in-service&timeout=2');
    const lost = attach('default-elb', spares[1]!);
    const both = [spare, spares[1]!];
    const members = () => world.aws.region.members('default-elb');
    await world.eventually(() => both.every((id) => members().includes(id)), 'both are attached');
    await seen(describeHealth, 2);
    for (const id of both) world.aws.region.changeInstance(id, { state: 'terminated' });
    const answer = await late;
    assert.equal(answer.status, 202, answer.body);
    assert.match(entryOf(answer).why, /EC2 says that the instance is terminated/);
    world.aws.region.advance(61);
    const gone = await lost;
    assert.equal(gone.status, 409);
    assert.match(
      messageOf(gone),
      /no member any more: EC2 says that it is terminated; attach another instance/,
    );
  });

  for (const formerMembers of ['out-of-service', 'unknown', 'invalid-instance'] as const)
    it(`for drained is over where the health of a former member is ${formerMembers}`, async () => {
      world.aws.region.changeBehaviour({ formerMembers });
      const waiting = detach('default-elb', member);
      await seen(describeHealth, 2);
      world.aws.region.advance(21);
      assert.equal((await waiting).status, 201);
    });

  it('for drained continues while a draining instance is still listed', async () => {
    world.aws.region.changeBehaviour({ listDraining: true, formerMembers: 'unknown' });
    const late = await detach('default-elb', member, 'wait=drained&timeout=1');
    assert.equal(late.status, 202);
    const waiting = detach('default-elb', 'i-6d304aae');
    await seen(describeHealth, 4);
    world.aws.region.advance(21);
    assert.equal((await waiting).status, 201);
  });

  it('says 409 when somebody else detached the instance meanwhile', async () => {
    const waiting = attach('default-elb', spare);
    await seen(describeHealth);
    world.aws.region.setMembers('default-elb', [member]);
    const answer = await waiting;
    assert.equal(answer.status, 409, answer.body);
    assert.match(messageOf(answer), /was attached to default-elb, but it is no member any more/);
  });

  it('says 404, and what was done, when the load balancer is deleted meanwhile', async () => {
    const waiting = attach('default-elb', spare);
    await seen(describeHealth);
    world.aws.region.deleteLoadBalancer('default-elb');
    const answer = await waiting;
    assert.equal(answer.status, 404);
    assert.match(messageOf(answer), /does not exist.*i-0b22a22eec53b9321 was attached to default-elb before/);
  });

  it('goes on while AWS does not tell of health, and says so when time is up', async () => {
    world.aws.faults.set([{ throttle: true, actions: [describeHealth] }]);
    const late = await attach('default-elb', spare, 'wait=in-service&timeout=5');
    assert.equal(late.status, 202);
    assert.match(entryOf(late).why, /not known, as AWS throttled the request/);
  });

  it('survives that AWS does not tell of health for a while', async () => {
    const waiting = attach('default-elb', spare);
    await seen(describeHealth);
    world.aws.faults.set([{ throttle: true, actions: [describeHealth] }]);
    await world.eventually(
      () => (world.aws.calls().actions[describeHealth]?.throttled ?? 0) >= 2,
      'it is throttled',
    );
    world.aws.faults.clear();
    world.aws.region.advance(16);
    assert.equal((await waiting).status, 201);
  });

  it('shares a Register and the looks among all who come together for one load balancer', async () => {
    await world.ids('default-elb');
    world.aws.resetCalls();
    world.aws.faults.set([{ actions: [register], latencyMs: 2000 }]);
    const waiting = spares.map((id) => attach('default-elb', id));
    await seen(describeHealth, 3);
    assert.ok(world.calls(register) < spares.length, `${world.calls(register)} of Register`);
    world.aws.region.advance(16);
    assert.deepEqual(
      (await Promise.all(waiting)).map(({ status }) => status),
      [201, 201, 201, 201],
    );
    assert.equal(world.aws.calls().actions[describeHealth]!.maxInFlight, 1);
  });

  it('spoils nobody’s attachment for the sake of one that AWS refuses', async () => {
    // EC2 knows the instance, so the checks let it through; ELB does not know it.
    world.aws.faults.set([{ actions: [register], latencyMs: 300, count: 1 }]);
    const waiting = [...spares, 'i-0f7041b2cd3e36895'].map((id) => attach('empty-elb', id, ''));
    await world.eventually(() => world.calls('DescribeInstances') >= 1, 'EC2 was asked');
    world.aws.region.changeInstance('i-0f7041b2cd3e36895', { forgotten: true });
    const statuses = (await Promise.all(waiting)).map(({ status }) => status);
    assert.deepEqual(statuses, [201, 201, 201, 201, 400]);
  });

  it('ends with its client, and AWS is asked no more', async () => {
    const body = JSON.stringify({ instanceId: spare });
    const leaving = request(`${world.service.url}/elb/default-elb?wait=in-service`, {
      method: 'POST',
      headers: { Authorization: `Basic ${token}`, 'Content-Length': body.length },
    });
    leaving.on('error', () => undefined);
    leaving.end(body);
    await seen(describeHealth);
    const waiting = async () => {
      const { body: text } = await world.ask('/status');
      return (JSON.parse(text) as { message: { requests: { waiting: number } } }).message.requests.waiting;
    };
    assert.equal(await waiting(), 1);
    leaving.destroy();
    await world.eventually(async () => (await waiting()) === 0, 'nobody waits');
    const before = world.calls(describeHealth);
    await world.clock.pass(1500);
    assert.ok(world.calls(describeHealth) <= before + 1);
  });

  it('is answered 503, with what was done, when the service closes', async () => {
    const attaching = attach('default-elb', spare);
    const detaching = detach('default-elb', member);
    await world.eventually(() => world.calls('DeregisterInstancesFromLoadBalancer') === 1, 'it is detached');
    await seen(describeHealth, 2);
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

  it('has nothing to wait for in a dry run, which changes nothing', async () => {
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
