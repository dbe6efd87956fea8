import assert from 'node:assert/strict';
import { deregister, register, startWorld, type World } from '../support/world.ts';

const [first, second, third] = ['i-5203422c', 'i-0a4f8c3e9d1b27650', 'i-6d304aae'] as const;
const [spare, another, forgotten] = ['i-0b22a22eec53b9321', 'i-0c4d1e7f8a9b03562', 'i-0d5e2f809b1c14673'];
const more = ['i-0e6f30a1bc2d25784', 'i-0f7041b2cd3e36895', 'i-1f8b3e07'];
const [otherVpc, terminated] = ['i-0b3c0d7e895af7451', 'i-0a2bfc6d7849e6340'];

interface Outcome {
  readonly instanceId: string;
  readonly status: number;
  readonly message: string | { readonly instanceId: string };
  readonly code?: string;
}

describe('A batch change', () => {
  let world: World;
  beforeEach(async () => {
    world = await startWorld();
  });
  afterEach(() => world.close());
  const send = (method: string, body: string, query = '', elbName = 'default-elb') =>
    world.ask(`/elb/${elbName}/instances${query}`, { method, body });
  const change = async (method: string, instanceIds: unknown[], query = '') => {
    const answer = await send(method, JSON.stringify({ instanceIds }), query);
    assert.equal(answer.status, 207, answer.body);
    return (JSON.parse(answer.body) as { message: Outcome[] }).message;
  };
  const statusesOf = (outcomes: Outcome[]) => outcomes.map(({ status }) => status);

  const refused: [what: string, body: string, says: RegExp][] = [
    ['an empty body', '', /the body is empty; send {\\"instanceIds/],
    ['a body of null', 'null', /the body is empty; send {\\"instanceIds/],
    ['a body that is not JSON', 'x', /not JSON/],
    ['a JSON array', '["i-5203422c"]', /not a JSON object/],
    [
      'instanceId instead of instanceIds',
      '{"instanceId":"i-5203422c"}',
      /instanceIds is missing or is not a list/,
    ],
    [
      'an instanceIds that is a string',
      '{"instanceIds":"i-5203422c"}',
      /instanceIds is missing or is not a list/,
    ],
    ['an empty list of instances', '{"instanceIds":[]}', /has 0 entries; .* 1 to 100/],
    ['more than 100 instances', JSON.stringify({ instanceIds: Array(101).fill(first) }), /has 101 entries/],
  ];
  for (const [what, body, says] of refused)
    it(`returns 400 for ${what}`, async () => {
      for (const method of ['POST', 'DELETE']) {
        const answer = await send(method, body);
        assert.equal(answer.status, 400, answer.body);
        assert.match(answer.body, says);
      }
      assert.equal(world.calls(), 0);
    });

  it('reports 400 for each instance id that is a nested value', async () => {
    const nested = (open: string, close: string) =>
      `${open.repeat(5000 / open.length)}${close.repeat(5000 / open.length)}`;
    for (const [value, shown] of [
      [nested('[', ']'), '[…]'],
      [`{"a":${nested('[', ']')}}`, '{…}'],
      [`${'{"a":'.repeat(1000)}1${'}'.repeat(1000)}`, '{…}'],
      ['null', 'null'],
      ['1e400', 'Infinity'],
    ] as const) {
      const answer = await send('DELETE', `{"instanceIds":[${value}]}`);
      assert.equal(answer.status, 207, answer.body);
      const { message } = JSON.parse(answer.body) as { message: Outcome[] };
      assert.deepEqual([message[0]!.status, message[0]!.instanceId], [400, shown]);
    }
    for (const body of [
      nested('[', ']'),
      `{"instanceIds":${nested('[', ']')}}`,
      `{"x":${nested('[', ']')}}`,
    ]) {
      const { status } = await send('POST', body);
      assert.ok(status === 400 || status === 207, `${status}`);
    }
    assert.equal(
      (await world.ask('/elb/default-elb', { method: 'POST', body: `{"instanceId":${nested('[', ']')}}` }))
        .status,
      400,
    );
  });

  it('returns 401, 403, 404, 405 and 413 as a single change does', async () => {
    const body = JSON.stringify({ instanceIds: [spare] });
    const headers = { Authorization: '' };
    const path = '/elb/default-elb/instances';
    assert.equal((await world.ask(path, { method: 'POST', body, headers })).status, 401);
    const site = { 'Sec-Fetch-Site': 'cross-site' };
    assert.equal((await world.ask(path, { method: 'POST', body, headers: site })).status, 403);
    assert.equal((await send('POST', body, '', 'no-such-elb')).status, 404);
    assert.equal((await send('DELETE', '{"instanceIds":["x"]}', '', 'no-such-elb')).status, 404);
    const get = await world.ask(path);
    assert.deepEqual([get.status, get.headers.get('allow')], [405, 'DELETE, POST']);
    assert.equal((await send('POST', ' '.repeat(17_000))).status, 413);
  });

  it('attaches all valid instances in one call and reports every outcome in request order', async () => {
    const named = [spare, first, 'nonsense', 7, otherVpc, terminated, 'i-00000000', spare, another];
    const outcomes = await change('POST', named);
    assert.deepEqual(statusesOf(outcomes), [201, 409, 400, 400, 400, 400, 400, 409, 201]);
    assert.deepEqual(
      outcomes.map(({ code }) => code),
      [
        ...[
          undefined,
          'instance_already_attached',
          'wrong_data_format',
          'wrong_data_format',
          'instance_refused',
        ],
        ...['instance_refused', 'instance_refused', 'instance_already_attached', undefined],
      ],
    );
    assert.deepEqual(
      outcomes.map(({ instanceId }) => instanceId),
      named.map(String),
    );
    assert.equal((outcomes[0]!.message as { instanceId: string }).instanceId, spare);
    assert.match(JSON.stringify(outcomes[1]!.message), /instance already on load balancer/);
    assert.match(JSON.stringify(outcomes[4]!.message), /is in vpc-1f2e3d4c, and the load balancer is in/);
    assert.match(JSON.stringify(outcomes[6]!.message), /EC2 does not describe i-00000000/);
    assert.equal(world.calls(register), 1);
    assert.deepEqual(await world.ids('default-elb'), [first, second, third, spare, another]);
  });

  it('detaches all members in one call and reports 409 for the other instances', async () => {
    const outcomes = await change('DELETE', [first, spare, third, first]);
    assert.deepEqual(statusesOf(outcomes), [201, 409, 201, 409]);
    assert.equal(world.calls(deregister), 1);
    assert.deepEqual(await world.ids('default-elb'), [second]);
  });

  /** Attaches the instances. The instances in `lost` are terminated between DescribeInstances and Register. */
  const attachAndTerminate = async (instanceIds: string[], lost: string[], elbName = 'default-elb') => {
    world.aws.faults.set([{ actions: [register], latencyMs: 400, count: 1 }]);
    const changing = send('POST', JSON.stringify({ instanceIds }), '', elbName);
    await world.eventually(() => world.calls(register) === 1, 'Register is in flight');
    for (const id of lost) world.aws.region.changeInstance(id, { state: 'terminated' });
    const answer = await changing;
    assert.equal(answer.status, 207, answer.body);
    return (JSON.parse(answer.body) as { message: Outcome[] }).message;
  };

  it('retries without each instance that AWS refuses', async () => {
    const outcomes = await attachAndTerminate([spare, forgotten, another, more[0]!], [forgotten, more[0]!]);
    assert.deepEqual(statusesOf(outcomes), [201, 400, 201, 400]);
    assert.match(JSON.stringify(outcomes[1]!.message), /^"AWS refused the instance: .*i-0d5e2f809b1c14673/);
    assert.equal(world.calls(register), 3);
    assert.deepEqual(await world.ids('default-elb'), [first, second, third, spare, another]);
  });

  it('stops after five retries and reports 503 for the remaining instances', async () => {
    const lost = [spare, another, forgotten, ...more, second];
    const outcomes = await attachAndTerminate([...lost, first], lost, 'empty-elb');
    assert.deepEqual(statusesOf(outcomes), [400, 400, 400, 400, 400, 400, 503, 503]);
    assert.match(
      JSON.stringify(outcomes[7]!.message),
      /^"not tried: .*nothing was changed, so try this one again/,
    );
    assert.equal(world.calls(register), 6);
    assert.deepEqual(await world.ids('empty-elb'), []);
  });

  for (const [state, advice] of [
    ['pending', /is pending, .*attach it when it is running/],
    ['stopping', /is stopping, .*start it after it has stopped/],
    ['stopped', /is stopped, .*start it/],
    ['shutting-down', /is shutting-down, .*attach another instance/],
    ['terminated', /is terminated, .*attach another instance/],
  ] as const)
    it(`reports 400 for an instance that is ${state} and attaches the others`, async () => {
      world.aws.region.changeInstance(another, { state });
      for (const query of ['?dryRun=true', '']) {
        const body = JSON.stringify({ instanceId: another });
        const single = await world.ask(`/elb/default-elb${query}`, { method: 'POST', body });
        assert.equal(single.status, 400);
        assert.match(single.body, advice);
        const outcomes = await change('POST', [spare, another], query);
        assert.deepEqual(statusesOf(outcomes), [query === '' ? 201 : 200, 400]);
        assert.match(JSON.stringify(outcomes[1]!.message), advice);
      }
      assert.equal(world.calls(register), 1);
    });

  it('reports 503 for each instance that would change when AWS throttles the call', async () => {
    world.aws.faults.set([{ throttle: true, actions: [register] }]);
    const outcomes = await change('POST', [spare, first, another]);
    assert.deepEqual(statusesOf(outcomes), [503, 409, 503]);
    assert.equal(outcomes[0]!.code, 'aws_throttled');
    assert.match(JSON.stringify(outcomes[0]!.message), /nothing was changed/);
  });

  it('reports the expected outcomes in a dry run and changes nothing', async () => {
    const attached = await change('POST', [spare, first, otherVpc], '?dryRun=true');
    assert.deepEqual(statusesOf(attached), [200, 409, 400]);
    assert.match(
      JSON.stringify(attached[0]!.message),
      /would be attached to default-elb; nothing was changed/,
    );
    const detached = await change('DELETE', [first, spare], '?dryRun=true');
    assert.deepEqual(statusesOf(detached), [200, 409]);
    assert.equal(world.calls(register) + world.calls(deregister), 0);
  });

  it('attaches 100 instances in one call', async () => {
    await world.close();
    world = await startWorld({ elbs: 4, instances: 140 });
    const members = world.aws.region.loadBalancer('elb-0001').members.map(({ instanceId }) => instanceId);
    const instanceIds = members.slice(0, 100);
    const answer = await world.ask('/elb/empty-elb/instances', {
      method: 'POST',
      body: JSON.stringify({ instanceIds }),
    });
    assert.equal(answer.status, 207, answer.body);
    assert.equal(world.calls(register), 1);
    assert.deepEqual(await world.ids('empty-elb'), instanceIds);
  });

  it('excludes a concurrent single change of the same instance', async () => {
    const [outcomes, single] = await Promise.all([
      change('POST', [spare, another]),
      world.attach('default-elb', spare),
    ]);
    const statuses = [outcomes[0]!.status, single.status].sort();
    assert.deepEqual(statuses, [201, 409]);
    assert.equal(outcomes[1]!.status, 201);
  });
});
