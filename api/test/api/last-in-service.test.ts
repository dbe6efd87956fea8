import assert from 'node:assert/strict';
import { describeHealth, deregister, startWorld, type World } from '../support/world.ts';

const [first, second, third, spare] = [
  'i-5203422c',
  'i-0a4f8c3e9d1b27650',
  'i-6d304aae',
  'i-0b22a22eec53b9321',
];
const message = ({ body }: { body: string }) => (JSON.parse(body) as { message: string }).message;

describe('PROTECT_LAST_IN_SERVICE', () => {
  let world: World;
  afterEach(() => world.close());
  const start = async (members: string[], value = 'true') => {
    world = await startWorld({}, { PROTECT_LAST_IN_SERVICE: value });
    world.aws.region.loadBalancer('default-elb').setMembers(members);
  };
  const detach = (instanceId: string, query = '') =>
    world.ask(`/elb/default-elb?instanceId=${instanceId}${query}`, { method: 'DELETE' });

  it('is off by default and logs a warning when the last member is detached', async () => {
    await start([first], '');
    assert.equal((await detach(first)).status, 201);
    assert.equal(world.calls(describeHealth), 0);
    const line = await world.service.logged(({ msg }) => msg.startsWith('no member is in service'));
    assert.deepEqual([line['elbName'], line['instanceIds']], ['default-elb', [first]]);
    assert.ok(line['requestId']);
  });

  it('is off by default and logs a warning when a recent health read shows no other member in service', async () => {
    await start([first, second], '');
    world.aws.region.changeInstance(second, { state: 'stopped' });
    await world.ask('/elb/default-elb/health');
    assert.equal((await detach(first)).status, 201);
    await world.service.logged(({ msg }) => msg.startsWith('no member is in service'));
  });

  for (const [what, members, stopped, says] of [
    ['the only member', [first], [], /; 0 of 1 would remain in service$/],
    ['one of three members', [first, second, third], [], /; 2 of 3 would remain in service$/],
    ['the only member in service', [first, second], [second], /; 0 of 1 would remain in service$/],
    ['a member out of service', [first, second], [first], /; 1 of 1 would remain in service$/],
  ] as const)
    it(`is off by default and a dry run returns the remaining count for ${what}`, async () => {
      await start([...members], '');
      for (const id of stopped) world.aws.region.changeInstance(id, { state: 'stopped' });
      const answer = await detach(first, '&dryRun=true');
      assert.equal(answer.status, 200, answer.body);
      const change = (JSON.parse(answer.body) as { message: Record<string, unknown> }).message;
      assert.match(String(change['note']), says);
      const [, after, before] = /(\d) of (\d)/.exec(String(change['note']))!;
      assert.deepEqual(
        [change['inServiceBefore'], change['inServiceAfter']],
        [Number(before), Number(after)],
      );
      const body = JSON.stringify({ instanceIds: [first] });
      const many = await world.ask('/elb/default-elb/instances?dryRun=true', { method: 'DELETE', body });
      assert.match(many.body, new RegExp(says.source.replace('$', '')));
    });

  it('is off by default and a dry run omits the counts when health is not available', async () => {
    await start([first], '');
    world.aws.faults.set([{ throttle: true, actions: [describeHealth] }]);
    const answer = await detach(first, '&dryRun=true');
    assert.equal(answer.status, 200, answer.body);
    assert.match(
      answer.body,
      /it is unknown how many instances would remain in service, because AWS throttled the request/,
    );
    assert.doesNotMatch(answer.body, /inServiceBefore/);
  });

  it('refuses to detach the last member in service and advises force, even in a dry run', async () => {
    await start([first, second]);
    world.aws.region.changeInstance(second, { state: 'stopped' });
    for (const query of ['', '&dryRun=true']) {
      const answer = await detach(first, query);
      assert.equal(answer.status, 409);
      assert.match(
        message(answer),
        /i-5203422c is the last instance in service on default-elb.*\?force=true/,
      );
    }
    assert.equal(world.calls(deregister), 0);
  });

  it('allows detaching members out of service and all but the last in service', async () => {
    await start([first, second, third]);
    world.aws.region.changeInstance(third, { check: 'failing' });
    world.aws.region.clock.advance(60);
    assert.equal((await detach(third)).status, 201);
    assert.equal((await detach(second)).status, 201);
    assert.equal((await detach(first)).status, 409);
  });

  it('allows detaching from a load balancer without members in service', async () => {
    await start([first]);
    world.aws.region.changeInstance(first, { state: 'stopped' });
    assert.equal((await detach(first)).status, 201);
  });

  it('protects only the load balancers that it names', async () => {
    await start([first], 'other-elb,default-elb');
    world.aws.region.loadBalancer('empty-elb').setMembers([second]);
    assert.equal((await detach(first)).status, 409);
    const unprotected = await world.ask(`/elb/empty-elb?instanceId=${second}`, { method: 'DELETE' });
    assert.equal(unprotected.status, 201, unprotected.body);
  });

  it('logs a forced detach only of the load balancers that it names', async () => {
    await start([first], 'other-elb');
    assert.equal((await detach(first, '&force=true')).status, 201);
    await world.service.logged(({ msg }) => msg === 'request');
    assert.ok(!world.service.log.some(({ msg }) => msg.startsWith('forced detach')));
  });

  it('reads current health instead of cached health', async () => {
    await start([first, second]);
    await world.ask('/elb/default-elb/health');
    world.aws.region.changeInstance(second, { state: 'stopped' });
    assert.equal((await detach(first)).status, 409);
  });

  it('allows only one of two concurrent detaches of the last two members', async () => {
    await start([first, second]);
    const statuses = (await Promise.all([detach(first), detach(second)])).map(({ status }) => status);
    assert.deepEqual(statuses.sort(), [201, 409]);
    assert.equal(world.calls(deregister), 1);
  });

  it('refuses to detach the last member in service of a batch', async () => {
    await start([first, second, third]);
    const answer = await world.ask('/elb/default-elb/instances', {
      method: 'DELETE',
      body: JSON.stringify({ instanceIds: [first, second, third, spare] }),
    });
    const outcomes = (JSON.parse(answer.body) as { message: { status: number }[] }).message;
    assert.deepEqual(
      outcomes.map(({ status }) => status),
      [201, 201, 409, 409],
    );
    assert.deepEqual(await world.ids('default-elb'), [third]);
  });

  it('refuses to detach with 503 when AWS throttles the health read', async () => {
    await start([first, second]);
    world.aws.faults.set([{ throttle: true, actions: [describeHealth] }]);
    const answer = await detach(first);
    assert.equal(answer.status, 503);
    assert.equal(world.calls(deregister), 0);
  });

  for (const path of ['', '/instances'])
    it(`is bypassed by force=true${path && ' of a batch'} without a health read, and the log names the principal`, async () => {
      await start([first]);
      world.aws.faults.set([{ throttle: true, actions: [describeHealth] }]);
      const body = JSON.stringify(path === '' ? { instanceId: first } : { instanceIds: [first] });
      const answer = await world.ask(`/elb/default-elb${path}?force=true`, { method: 'DELETE', body });
      assert.equal(answer.status, path === '' ? 201 : 207, answer.body);
      const line = await world.service.logged(({ msg }) => msg.startsWith('forced detach'));
      assert.deepEqual(
        [line['principal'], line['elbName'], line['instanceIds'], line['requestId']],
        ['tester', 'default-elb', [first], answer.headers.get('x-request-id')],
      );
      assert.deepEqual(await world.ids('default-elb'), []);
    });
});
