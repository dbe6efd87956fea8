import assert from 'node:assert/strict';
import { type EmbeddedAws, startEmbeddedAws } from '../../embedded-aws/server.ts';
import { messageOf, type Service, startService } from '../support/service.ts';

const machine = {
  instanceId: 'i-0b22a22eec53b9321',
  instanceType: 't3.micro',
  launchDate: '2024-01-09T11:30:00.000Z',
};
const wrongBodies: [string, string, RegExp][] = [
  ['an empty body', '', /body is empty/],
  ['what is not JSON', 'instanceId=i-5203422c', /not JSON/],
  ['an array', '["i-5203422c"]', /not a JSON object/],
  ['null', ' null ', /the body is empty/],
  ['a string', '"i-5203422c"', /not a JSON object/],
  ['an object without instanceId', '{"id":"i-5203422c"}', /instanceId is missing/],
  ['an instanceId that is a number', '{"instanceId":5203422}', /instanceId is not one string/],
  ['an instanceId that is null', '{"instanceId":null}', /instanceId is not one string/],
  ['an empty instanceId', '{"instanceId":""}', /not an instance id/],
  ['an instanceId of 9 digits', '{"instanceId":"i-5203422c1"}', /"i-5203422c1" is not an instance id/],
  ['an instanceId in capitals', '{"instanceId":"i-5203422C"}', /not an instance id/],
  ['an instanceId with a line break', '{"instanceId":"i-5203422c\\n"}', /not an instance id/],
];

describe('POST and DELETE /elb/{elbName}', () => {
  let aws: EmbeddedAws;
  let service: Service;
  before(async () => {
    aws = await startEmbeddedAws();
    service = await startService(aws.url);
  });
  after(async () => {
    await service.close();
    await aws.close();
  });
  beforeEach(() => {
    aws.region.setMembers('default-elb', ['i-5203422c', 'i-0a4f8c3e9d1b27650', 'i-6d304aae']);
    aws.resetCalls();
  });

  const send = (method: string, elbName: string, body: string, headers: Record<string, string> = {}) =>
    service.request(`/elb/${elbName}`, { method, body, headers });
  const name = (instanceId: string) => JSON.stringify({ instanceId });
  const mutations = () => {
    const { actions } = aws.calls();
    return ['RegisterInstancesWithLoadBalancer', 'DeregisterInstancesFromLoadBalancer'].reduce(
      (sum, action) => sum + (actions[action]?.calls ?? 0),
      0,
    );
  };

  for (const method of ['POST', 'DELETE']) {
    for (const [what, body, reason] of wrongBodies)
      it(`${method} answers 400 to ${what}, without a call of AWS`, async () => {
        const response = await send(method, 'default-elb', body);
        assert.equal(response.status, 400);
        const message = await messageOf(response);
        assert.match(message, /^wrong data format: /);
        assert.match(message, reason);
        assert.equal(aws.calls().calls, 0);
      });

    it(`${method} answers 400 to bytes that are not UTF-8`, async () => {
      const response = await service.request('/elb/default-elb', {
        method,
        body: Buffer.from('{"instanceId":"\xff"}', 'latin1'),
      });
      assert.equal(response.status, 400);
      assert.match(await messageOf(response), /^wrong data format: the body is not UTF-8/);
    });

    it(`${method} answers 413 to a body over 16 KiB, and the connection goes on`, async () => {
      const response = await send(method, 'default-elb', `{"instanceId":"${'a'.repeat(16 * 1024)}"}`);
      assert.equal(response.status, 413);
      assert.match(await messageOf(response), /larger than 16384 bytes/);
      assert.equal((await send(method, 'default-elb', '{}')).status, 400);
    });

    it(`${method} answers 404 for an unknown load balancer and for an impossible name`, async () => {
      for (const elbName of ['no-such-elb', '-impossible-']) {
        const response = await send(method, elbName, name(machine.instanceId));
        assert.equal(response.status, 404);
        const message = await messageOf(response);
        assert.match(message, /^the elb does not exist/);
        assert.ok(message.includes(elbName));
      }
      assert.equal(mutations(), 0);
    });

    for (const headers of [
      { 'Sec-Fetch-Site': 'cross-site' },
      { 'Sec-Fetch-Site': 'same-site' },
      { Origin: 'http://elsewhere.example' },
      { Origin: 'null' },
    ])
      it(`${method} answers 403 to a browser on another site: ${JSON.stringify(headers)}`, async () => {
        const response = await send(method, 'default-elb', name('i-5203422c'), headers);
        assert.equal(response.status, 403);
        assert.match(await messageOf(response), /another site/);
        assert.equal(aws.calls().calls, 0);
      });
  }

  it('POST answers 409 for a member', async () => {
    const response = await send('POST', 'default-elb', name('i-5203422c'));
    assert.equal(response.status, 409);
    assert.match(await messageOf(response), /^instance already on load balancer: i-5203422c/);
    assert.equal(mutations(), 0);
  });

  it('DELETE answers 409 for an instance that is no member', async () => {
    const response = await send('DELETE', 'default-elb', name(machine.instanceId));
    assert.equal(response.status, 409);
    assert.match(await messageOf(response), /^instance is not on load balancer: i-0b22a22eec53b9321/);
    assert.equal(mutations(), 0);
  });

  it('POST answers 400 for an instance that EC2 does not describe', async () => {
    const response = await send('POST', 'default-elb', name('i-00000000000000000'));
    assert.equal(response.status, 400);
    assert.match(
      await messageOf(response),
      /^AWS refused the instance: EC2 does not describe i-00000000000000000; check/,
    );
    assert.equal(mutations(), 0);
  });

  it('POST answers 400 and names both VPCs for an instance in another one', async () => {
    const response = await send('POST', 'default-elb', name('i-0b3c0d7e895af7451'));
    assert.equal(response.status, 400);
    assert.match(
      await messageOf(response),
      /i-0b3c0d7e895af7451 is in vpc-1f2e3d4c and the load balancer in vpc-/,
    );
    assert.equal(mutations(), 0);
  });

  it('DELETE answers 400 when body and query name different instances', async () => {
    const response = await service.request('/elb/default-elb?instanceId=i-6d304aae', {
      method: 'DELETE',
      body: name('i-5203422c'),
    });
    assert.equal(response.status, 400);
    assert.match(await messageOf(response), /^wrong data format: .*different instances/);
    assert.equal(mutations(), 0);
  });

  it('DELETE answers 400 to an instanceId given twice in the query', async () => {
    const response = await service.request('/elb/default-elb?instanceId=i-6d304aae&instanceId=i-5203422c', {
      method: 'DELETE',
    });
    assert.equal(response.status, 400);
    assert.match(await messageOf(response), /instanceId (appears twice|is not one string)/);
  });

  it('POST attaches: 201 with the machine, and the list shows it', async () => {
    const response = await send('POST', 'default-elb', name(machine.instanceId));
    assert.equal(response.status, 201);
    assert.deepEqual(await messageOf(response), machine);
    assert.ok(aws.region.members('default-elb').includes(machine.instanceId));
    const list = await messageOf<unknown[]>(await service.request('/elb/default-elb'));
    assert.deepEqual(list.at(-1), machine);
  });

  for (const headers of [
    {},
    { 'Content-Type': 'application/x-www-form-urlencoded' },
    { 'Content-Type': 'text/plain' },
  ])
    it(`POST reads JSON whatever the Content-Type: ${JSON.stringify(headers)}`, async () => {
      assert.equal((await send('POST', 'default-elb', name(machine.instanceId), headers)).status, 201);
    });

  it('POST takes a change from a page of its own', async () => {
    const { host } = new URL(service.url);
    const headers = { Origin: `http://${host}` };
    assert.equal((await send('POST', 'default-elb', name(machine.instanceId), headers)).status, 201);
  });

  it('DELETE detaches: 201 with the machine, and the list shows it no longer', async () => {
    const response = await send('DELETE', 'default-elb', name('i-5203422c'));
    assert.equal(response.status, 201);
    assert.equal((await messageOf<typeof machine>(response)).instanceId, 'i-5203422c');
    assert.ok(!aws.region.members('default-elb').includes('i-5203422c'));
    const list = await messageOf<(typeof machine)[]>(await service.request('/elb/default-elb'));
    assert.deepEqual(
      list.map(({ instanceId }) => instanceId),
      ['i-0a4f8c3e9d1b27650', 'i-6d304aae'],
    );
  });

  for (const body of [undefined, '', 'null', '{}'])
    it(`DELETE reads the instance from the query where the body is ${body === '' ? 'empty' : (body ?? 'absent')}`, async () => {
      const response = await service.request('/elb/default-elb?instanceId=i-6d304aae', {
        method: 'DELETE',
        ...(body !== undefined && { body }),
      });
      assert.equal(response.status, 201);
      assert.ok(!aws.region.members('default-elb').includes('i-6d304aae'));
    });

  it('DELETE detaches a member that EC2 no longer describes', async () => {
    aws.region.setMembers('empty-elb', ['i-74d1b6ef']);
    aws.region.changeInstance('i-74d1b6ef', { forgotten: true });
    const response = await send('DELETE', 'empty-elb', name('i-74d1b6ef'));
    assert.equal(response.status, 201);
    assert.deepEqual(await messageOf(response), {
      instanceId: 'i-74d1b6ef',
      instanceType: 'unknown',
      launchDate: 'unknown',
    });
    assert.deepEqual(aws.region.members('empty-elb'), []);
  });

  for (const [method, code] of [
    ['POST', 409],
    ['DELETE', 409],
  ] as const)
    it(`two ${method}s of one instance at once: one 201, one ${code}`, async () => {
      const id = method === 'POST' ? machine.instanceId : 'i-5203422c';
      const responses = await Promise.all([
        send(method, 'default-elb', name(id)),
        send(method, 'default-elb', name(id)),
      ]);
      assert.deepEqual(responses.map(({ status }) => status).sort(), [201, code]);
      assert.equal(mutations(), 1);
    });
});
