import assert from 'node:assert/strict';
import { CallLog } from '../../../embedded-aws/call-log.ts';
import { processClock } from '../../../embedded-aws/region/clock.ts';
import { ids, startLab, type Lab } from '../support.ts';

describe('The control API', () => {
  let lab: Lab;
  beforeEach(async () => {
    lab = await startLab();
  });
  afterEach(() => lab.close());

  for (const [method, path, body, status, message] of [
    ['GET', '/nope', undefined, 404, /GET\|PUT\|DELETE \/_control\/faults/],
    ['GET', '', undefined, 404, /no such control path/],
    ['POST', '/faults', undefined, 405, /supports GET, PUT, DELETE/],
    ['PUT', '/faults', '{', 400, /must be JSON/],
    ['PUT', '/faults', '[]', 400, /must be an object with any of: faults/],
    ['PUT', '/faults', {}, 400, /body\.faults must be a list/],
    ['PUT', '/faults', { faults: 1 }, 400, /body\.faults must be a list, not 1/],
    [
      'PUT',
      '/faults',
      { faults: [{ latency: 1 }] },
      400,
      /faults\[0\] has no field "latency"; the fields are: actions/,
    ],
    ['PUT', '/faults', { faults: [{ status: 404 }] }, 400, /status must be a whole number from 500 to 599/],
    ['PUT', '/faults', { faults: [{ throttle: false }] }, 400, /throttle must be true or an AWS error code/],
    ['PUT', '/faults', { faults: [{ service: 's3' }] }, 400, /service must be "elb" or "ec2", not "s3"/],
    ['PUT', '/faults', { faults: [{ reset: 1 }] }, 400, /reset must be true/],
    ['POST', '/clock', { speed: -1 }, 400, /speed must be a number from 0/],
    ['PUT', '/instances/i-00000000', { check: 'failing' }, 404, /'i-00000000' does not exist/],
    ['GET', '/instances/i-00000000', undefined, 404, /no instance 'i-00000000'/],
    [
      `PUT`,
      `/instances/${ids.member}`,
      { state: 'asleep' },
      400,
      /"pending" or "running" or "shutting-down"/,
    ],
    ['PUT', '/behaviour', { draining: 'lose' }, 400, /draining must be "drop" or "keep", not "lose"/],
    ['PUT', '/behaviour', { registrationLag: -1 }, 400, /registrationLag must be a number from 0/],
    ['PUT', '/behaviour', { lag: 1 }, 400, /no field "lag"; the fields are: draining, listDraining/],
    ['PUT', '/load-balancers/default-elb', { behaviour: { formerMembers: 'x' } }, 400, /"fading" or/],
    [`PUT`, `/instances/${ids.member}`, { forgotten: 1 }, 400, /true or false/],
    [
      `PUT`,
      `/instances/${ids.member}`,
      { instanceType: 'm5.large' },
      400,
      /only while the instance is stopped/,
    ],
    [`PUT`, `/instances/${ids.terminated}`, { state: 'running' }, 400, /terminated and cannot change/],
    [`PUT`, `/instances/${ids.terminated}`, { state: 'pending' }, 400, /terminated and cannot change/],
    ['GET', '/load-balancers/nope', undefined, 404, /no ACTIVE Load Balancer/],
    ['PUT', '/load-balancers/default-elb', { instances: [1] }, 400, /instances\[0\] must be a string, not 1/],
  ] as const) {
    it(`refuses ${method} ${path} ${JSON.stringify({ body })} and names the accepted input`, async () => {
      const answer = await lab.control(method, path, body);
      assert.equal(answer.status, status);
      assert.match(String(answer.json.message), message);
    });
  }

  it('refuses a body over 10 MB', async () => {
    assert.equal((await lab.control('PUT', '/faults', 'x'.repeat(11 * 2 ** 20))).status, 413);
  });

  it('counts calls and concurrent calls by action and resets the counts', async () => {
    lab.aws.faults.set([{ latencyMs: 40 }]);
    const call = (Action: string) => lab.call('elasticloadbalancing', { Action, Version: '2012-06-01' });
    await Promise.all([call('DescribeLoadBalancers'), call('DescribeLoadBalancers'), call('Nope')]);
    const { json } = await lab.control('GET', '/calls');
    const { calls, actions, log } = json as unknown as ReturnType<Lab['aws']['calls']>;
    assert.equal(calls, 3);
    assert.deepEqual(actions.DescribeLoadBalancers, {
      calls: 2,
      throttled: 0,
      failed: 0,
      inFlight: 0,
      maxInFlight: 2,
    });
    assert.equal(actions.Nope?.failed, 1);
    assert.deepEqual(log.map(({ outcome }) => outcome).sort(), ['InvalidAction', 'OK', 'OK']);
    assert.ok(log.every(({ tookMs }) => tookMs >= 38));
    assert.equal((await lab.control('DELETE', '/calls')).json.calls, 0);
    await call('DescribeLoadBalancers');
    lab.aws.resetCalls();
    assert.equal(lab.aws.calls().calls, 0);
  });

  it('keeps the last 1000 calls in the log', () => {
    const calls = new CallLog(processClock);
    for (let n = 0; n < 2500; n++) calls.begin('ec2', `Call${n}`)('OK');
    const { calls: count, log } = calls.counts();
    assert.equal(count, 2500);
    assert.equal(log.length, 1000);
    assert.equal(log[0]!.action, 'Call1500');
  });

  it('moves the clock', async () => {
    const now = async () => Date.parse(String((await lab.control('GET', '/clock')).json.now));
    const before = await now();
    await lab.control('POST', '/clock', { advanceSeconds: 3600, speed: 1000 });
    assert.ok((await now()) - before >= 3_600_000);
    assert.equal((await lab.control('GET', '/clock')).json.speed, 1000);
    await lab.control('POST', '/clock', { speed: 0 });
    assert.equal(await now(), await now());
  });

  it('changes an instance', async () => {
    const put = (change: object) => lab.control('PUT', `/instances/${ids.member}`, change);
    assert.equal((await put({ state: 'stopped', instanceType: 'm5.large' })).json.instanceType, 'm5.large');
    const { json } = await put({ state: 'running', check: 'failing' });
    assert.ok(Number(json.launchTime) > Date.parse('2020-01-01'));
    assert.equal(Number(json.launchTime) % 1000, 0);
    assert.deepEqual((await lab.control('GET', `/instances/${ids.member}`)).json, json);
    assert.equal(((await lab.control('GET', '/instances')).json.instances as unknown[]).length, 25);
    assert.deepEqual(
      lab.aws.region.loadBalancer('default-elb').health([ids.member])[0]?.state,
      'OutOfService',
    );
  });

  it('shows members and draining instances', async () => {
    lab.aws.region.loadBalancer('default-elb').deregister([ids.member]);
    const { json } = await lab.control('GET', '/load-balancers');
    const [first, second] = json.loadBalancers as Record<string, unknown>[];
    assert.deepEqual(first, {
      name: 'default-elb',
      vpcId: 'vpc-0a3f1c5e7b9d24680',
      availabilityZones: ['us-east-1a', 'us-east-1b', 'us-east-1c'],
      instances: [ids.secondMember, ids.thirdMember],
      draining: [ids.member],
    });
    assert.deepEqual(second?.instances, []);
  });

  it('sets members without validation, in service immediately', async () => {
    const instances = [ids.free, ids.free, ids.otherVpc];
    const { json } = await lab.control('PUT', '/load-balancers/default-elb', { instances });
    assert.deepEqual(json.instances, instances);
    assert.deepEqual(
      lab.aws.region
        .loadBalancer('default-elb')
        .health()
        .map(({ instanceId, state }) => [instanceId, state]),
      instances.map((id) => [id, 'InService']),
    );
  });

  it('creates, changes and deletes a load balancer', async () => {
    const put = (change: object) => lab.control('PUT', '/load-balancers/new-elb', change);
    assert.equal((await put({ connectionDraining: { timeout: 7 } })).status, 200);
    await put({ instances: [ids.free], healthCheck: { interval: 10 }, availabilityZones: ['us-east-1d'] });
    const { spec } = lab.aws.region.loadBalancer('new-elb');
    assert.deepEqual(spec.connectionDraining, { enabled: true, timeout: 7 });
    assert.deepEqual([spec.healthCheck.interval, spec.healthCheck.healthyThreshold], [10, 10]);
    assert.deepEqual(spec.availabilityZones, ['us-east-1d']);
    assert.equal((await lab.control('DELETE', '/load-balancers/new-elb')).status, 200);
    assert.equal((await lab.control('GET', '/load-balancers/new-elb')).status, 404);
  });
});
