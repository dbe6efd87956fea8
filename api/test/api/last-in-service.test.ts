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
    world.aws.region.setMembers('default-elb', members);
  };
  const detach = (instanceId: string, query = '') =>
    world.ask(`/elb/default-elb?instanceId=${instanceId}${query}`, { method: 'DELETE' });

  it('is off by default, and the log warns where no member is left', async () => {
    await start([first], '');
    assert.equal((await detach(first)).status, 201);
    assert.equal(world.calls(describeHealth), 0);
    const line = await world.service.logged(({ msg }) =>
      msg.startsWith('no member is known to be in service'),
    );
    assert.deepEqual([line['elbName'], line['instanceIds']], ['default-elb', [first]]);
    assert.ok(line['requestId']);
  });

  it('is off by default, and the log warns where a recent reading of health shows that the last one goes', async () => {
    await start([first, second], '');
    world.aws.region.changeInstance(second, { state: 'stopped' });
    await world.ask('/elb/default-elb/health');
    assert.equal((await detach(first)).status, 201);
    await world.service.logged(({ msg }) => msg.startsWith('no member is known to be in service'));
  });

  for (const [what, members, stopped, says] of [
    ['the only one', [first], [], /; 0 of 1 would remain in service$/],
    ['one of three', [first, second, third], [], /; 2 of 3 would remain in service$/],
    ['one beside another out of service', [first, second], [second], /; 0 of 1 would remain in service$/],
    ['one that is not in service', [first, second], [first], /; 1 of 1 would remain in service$/],
  ] as const)
    it(`is off by default, and the dry run says how many would remain without ${what}`, async () => {
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

  it('is off by default, and the dry run leaves the numbers out where health cannot be read', async () => {
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

  it('refuses to detach the last one in service, in a dry run too, and says how to go on', async () => {
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

  it('lets go who is not in service, and the last but one', async () => {
    await start([first, second, third]);
    world.aws.region.changeInstance(third, { check: 'failing' });
    world.aws.region.advance(60);
    assert.equal((await detach(third)).status, 201);
    assert.equal((await detach(second)).status, 201);
    assert.equal((await detach(first)).status, 409);
  });

  it('lets all go from a load balancer that has nobody in service', async () => {
    await start([first]);
    world.aws.region.changeInstance(first, { state: 'stopped' });
    assert.equal((await detach(first)).status, 201);
  });

  it('looks at what is true now, not a second ago', async () => {
    await start([first, second]);
    await world.ask('/elb/default-elb/health');
    world.aws.region.changeInstance(second, { state: 'stopped' });
    assert.equal((await detach(first)).status, 409);
  });

  it('lets one of two detaches pass that come at once, and not both', async () => {
    await start([first, second]);
    const statuses = (await Promise.all([detach(first), detach(second)])).map(({ status }) => status);
    assert.deepEqual(statuses.sort(), [201, 409]);
    assert.equal(world.calls(deregister), 1);
  });

  it('keeps one of many that are detached together', async () => {
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

  it('changes nothing where AWS does not tell of health', async () => {
    await start([first, second]);
    world.aws.faults.set([{ throttle: true, actions: [describeHealth] }]);
    const answer = await detach(first);
    assert.equal(answer.status, 503);
    assert.equal(world.calls(deregister), 0);
  });

  for (const path of ['', '/instances'])
    it(`gives way to force=true${path && ' of many'}, without a look at health, and the log names who forced`, async () => {
      await start([first]);
      world.aws.faults.set([{ throttle: true, actions: [describeHealth] }]);
      const body = JSON.stringify(path === '' ? { instanceId: first } : { instanceIds: [first] });
      const answer = await world.ask(`/elb/default-elb${path}?force=true`, { method: 'DELETE', body });
      assert.equal(answer.status, path === '' ? 201 : 207, answer.body);
      const line = await world.service.logged(({ msg }) => msg.startsWith('detached by force'));
      assert.deepEqual(
        [line['principal'], line['elbName'], line['instanceIds'], line['requestId']],
        ['tester', 'default-elb', [first], answer.headers.get('x-request-id')],
      );
      assert.deepEqual(await world.ids('default-elb'), []);
    });
});
