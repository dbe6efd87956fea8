import assert from 'node:assert/strict';
import { describeHealth, describeInstances, noCache, startWorld, type World } from '../support/world.ts';

interface Entry {
  readonly instanceId: string;
  readonly state: string;
  readonly reasonCode: string;
  readonly description: string;
  readonly condition: string;
  readonly availabilityZone: string;
  readonly instanceState: string;
  readonly why: string;
}

const [first, second, third, spare] = [
  'i-5203422c',
  'i-0a4f8c3e9d1b27650',
  'i-6d304aae',
  'i-0b22a22eec53b9321',
] as const;
const [inZoneD, stopped, terminated] = ['i-0809da4b5627c412e', 'i-091aeb5c6738d523f', 'i-0a2bfc6d7849e6340'];

describe('GET /elb/{elbName}/health', () => {
  let world: World;
  beforeEach(async () => {
    world = await startWorld();
  });
  afterEach(() => world.close());
  const health = async (elbName = 'default-elb', headers: Record<string, string> = noCache) => {
    const answer = await world.ask(`/elb/${elbName}/health`, { headers });
    assert.equal(answer.status, 200, answer.body);
    return (JSON.parse(answer.body) as { message: Entry[] }).message;
  };
  const entry = async (instanceId: string) => {
    const found = (await health()).find((one) => one.instanceId === instanceId);
    assert.ok(found, `${instanceId} is missing`);
    return found;
  };

  it('returns 404 for an unknown or invalid name, 401 without credentials and 405 for a POST', async () => {
    assert.equal((await world.ask('/elb/-/health')).status, 404);
    assert.equal(world.calls(), 0);
    assert.equal((await world.ask('/elb/no-such-elb/health')).status, 404);
    assert.equal((await world.ask('/elb/x/health', { headers: { Authorization: '' } })).status, 401);
    const { status, headers } = await world.ask('/elb/default-elb/health', { method: 'POST' });
    assert.deepEqual([status, headers.get('allow')], [405, 'GET, HEAD']);
  });

  it('returns 503 with Retry-After when AWS throttles', async () => {
    world.aws.faults.set([{ throttle: true, actions: [describeHealth] }]);
    const { status, headers, body } = await world.ask('/elb/default-elb/health');
    assert.equal(status, 503);
    assert.match(body, /Throttling on elasticloadbalancing:DescribeInstanceHealth/);
    assert.ok(headers.has('retry-after'));
  });

  it('names the missing IAM action when AWS denies access', async () => {
    world.aws.faults.set([{ refuse: true, actions: [describeHealth] }]);
    const { status, body } = await world.ask('/elb/default-elb/health');
    assert.equal(status, 502);
    assert.match(body, /must allow elasticloadbalancing:DescribeInstanceHealth/);
  });

  it('returns an empty list for a load balancer without members and supports HEAD', async () => {
    assert.deepEqual(await health('empty-elb'), []);
    assert.equal((await world.ask('/elb/empty-elb/health', { method: 'HEAD' })).status, 200);
  });

  it('returns state, zone and explanation of each member in the order of AWS', async () => {
    const entries = await health();
    assert.deepEqual(
      entries.map(({ instanceId }) => instanceId),
      [first, second, third],
    );
    assert.deepEqual(entries[0], {
      instanceId: first,
      state: 'InService',
      reasonCode: 'N/A',
      description: 'N/A',
      condition: 'in-service',
      availabilityZone: 'us-east-1a',
      instanceState: 'running',
      why: 'in service, no action is needed',
    });
  });

  it('returns a machine-readable condition of each member', async () => {
    const conditionOf = async (instanceId: string) => (await entry(instanceId)).condition;
    await world.attach('default-elb', spare);
    assert.equal(await conditionOf(spare), 'registering');
    world.aws.region.changeInstance(first, { check: 'failing' });
    world.aws.region.changeInstance(second, { state: 'stopped' });
    world.aws.region.clock.advance(60);
    world.aws.region.loadBalancer('default-elb').setMembers([first, second, third, inZoneD, terminated]);
    await world.detach('default-elb', third);
    const conditions = (await health()).map(({ instanceId, condition }) => [instanceId, condition]);
    assert.deepEqual(conditions, [
      [first, 'failing-checks'],
      [second, 'not-running'],
      [inZoneD, 'zone-disabled'],
      [third, 'draining'],
      [terminated, 'unknown'],
    ]);
  });

  it('returns the earliest time at which a registration can end', async () => {
    await world.attach('default-elb', spare);
    const { state, description, why } = await entry(spare);
    assert.deepEqual([state, description], ['OutOfService', 'Instance registration is still in progress.']);
    assert.match(
      why,
      /3 checks of HTTP:8000\/healthcheck, one every 5 s, must pass, .* at the earliest in 1[345] s/,
    );
  });

  it('returns the minimum duration of a registration with an unknown start', async () => {
    world.aws.region.loadBalancer('default-elb').register([spare]);
    assert.match((await entry(spare)).why, /at the earliest 15 s after it was attached/);
  });

  it('explains a failing health check and what it needs to pass', async () => {
    world.aws.region.changeInstance(second, { check: 'failing' });
    world.aws.region.clock.advance(60);
    const { state, why } = await entry(second);
    assert.equal(state, 'OutOfService');
    assert.match(why, /HTTP:8000\/healthcheck fails: .* within 2 s; .* 3 checks, .* at the earliest in 15 s/);
  });

  it('names the disabled zone of a member and the enabled zones', async () => {
    await world.attach('default-elb', inZoneD);
    const { availabilityZone, why } = await entry(inZoneD);
    assert.equal(availabilityZone, 'us-east-1d');
    assert.match(
      why,
      /zone us-east-1d is not enabled on default-elb, which has the zones us-east-1a, us-east-1b, us-east-1c/,
    );
  });

  it('reports a stopped instance immediately', async () => {
    await health();
    world.aws.region.changeInstance(first, { state: 'stopped' });
    const { instanceState, why } = await entry(first);
    assert.equal(instanceState, 'stopped');
    assert.match(why, /its EC2 state is stopped: start it, or detach it/);
    world.aws.region.loadBalancer('default-elb').setMembers([stopped]);
    assert.match((await entry(stopped)).why, /stopped: start it, or detach it/);
  });

  it('reports a terminated member that ELB does not report', async () => {
    world.aws.region.loadBalancer('default-elb').setMembers([first, terminated]);
    const { state, instanceState, why } = await entry(terminated);
    assert.deepEqual([state, instanceState], ['Unknown', 'terminated']);
    assert.match(why, /terminated: detach it/);
  });

  it('returns the end of draining of instances detached by the service or by other clients', async () => {
    await world.detach('default-elb', first);
    const detachedHere = await entry(first);
    assert.equal(detachedHere.state, 'InService');
    assert.match(
      detachedHere.why,
      /drains its connections until \d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ at the latest \((1[6-9]|20) s\)/,
    );
    world.aws.region.loadBalancer('default-elb').deregister([second]);
    assert.match((await entry(second)).why, /drains its connections until .* at the latest \((19|20) s\)/);
  });

  it('explains that a draining instance was attached again', async () => {
    await world.detach('default-elb', first);
    assert.equal((await world.attach('default-elb', first)).status, 201);
    assert.match(
      (await entry(first)).why,
      /attached again and still drains its connections until .* s\): check again then/,
    );
  });

  it('shares one AWS call among concurrent requests and calls AWS again for no-cache', async () => {
    await health('default-elb', {});
    world.aws.resetCalls();
    world.aws.faults.set([{ actions: [describeHealth], latencyMs: 1000 }]);
    const answers = await Promise.all(
      Array.from({ length: 30 }, () => world.ask('/elb/default-elb/health', { headers: noCache })),
    );
    assert.ok(answers.every(({ status }) => status === 200));
    assert.ok(world.calls(describeHealth) < 15, `${world.calls(describeHealth)} calls`);
    assert.equal(world.aws.calls().actions[describeHealth]!.maxInFlight, 1);
    assert.match(answers[0]!.headers.get('cache-status')!, /fwd=request/);
  });

  it('shows an instance immediately after its attachment through the service', async () => {
    await health('default-elb', {});
    await world.attach('default-elb', spare);
    assert.equal((await health('default-elb', {})).length, 4);
  });

  it('returns unknown zones and instance states while EC2 fails', async () => {
    world.aws.faults.set([{ throttle: true, actions: [describeInstances] }]);
    const [one] = await health('default-elb', {});
    assert.deepEqual([one!.availabilityZone, one!.instanceState], ['unknown', 'unknown']);
    assert.equal(one!.state, 'InService');
  });
});
