import assert from 'node:assert/strict';
import { type EmbeddedAws, startEmbeddedAws } from '../../embedded-aws/server.ts';
import { messageOf, type Service, startService } from '../support/service.ts';

const spare = {
  instanceId: 'i-0b22a22eec53b9321',
  instanceType: 't3.micro',
  launchDate: '2024-01-09T11:30:00.000Z',
};
const wrongBodies: [string, string, RegExp][] = [
  ['an empty body', '', /body is empty/],
  ['a body that is not JSON', 'instanceId=i-5203422c', /not JSON/],
  ['a JSON array', '["i-5203422c"]', /not a JSON object/],
  ['a body of null', ' null ', /the body is empty/],
  ['a JSON string', '"i-5203422c"', /not a JSON object/],
  ['an object without instanceId', '{"id":"i-5203422c"}', /instanceId is missing/],
  ['an instanceId that is a number', '{"instanceId":5203422}', /instanceId is not a single string/],
  ['an instanceId that is null', '{"instanceId":null}', /instanceId is not a single string/],
  ['an empty instanceId', '{"instanceId":""}', /not an instance id/],
  ['an instanceId with 9 digits', '{"instanceId":"i-5203422c1"}', /"i-5203422c1" is not an instance id/],
  ['an instanceId in capitals', '{"instanceId":"i-5203422C"}', /not an instance id/],
  ['an instanceId with a line break', '{"instanceId":"i-5203422c\\n"}', /not an instance id/],
];

describe('On /elb/{elbName},', () => {
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
    aws.region.loadBalancer('default-elb').setMembers(['i-5203422c', 'i-0a4f8c3e9d1b27650', 'i-6d304aae']);
    aws.resetCalls();
  });

  const send = (method: string, elbName: string, body: string, headers: Record<string, string> = {}) =>
    service.request(`/elb/${elbName}`, { method, body, headers });
  const bodyOf = (instanceId: string) => JSON.stringify({ instanceId });
  const changes = () => {
    const { actions } = aws.calls();
    return ['RegisterInstancesWithLoadBalancer', 'DeregisterInstancesFromLoadBalancer'].reduce(
      (sum, action) => sum + (actions[action]?.calls ?? 0),
      0,
    );
  };

  for (const method of ['POST', 'DELETE']) {
    for (const [what, body, reason] of wrongBodies)
      it(`${method} returns 400 without an AWS call for ${what}`, async () => {
        const response = await send(method, 'default-elb', body);
        assert.equal(response.status, 400);
        const message = await messageOf(response);
        assert.match(message, /^wrong data format: /);
        assert.match(message, reason);
        assert.equal(aws.calls().calls, 0);
      });

    it(`${method} returns 400 for a body that is not UTF-8`, async () => {
      const response = await service.request('/elb/default-elb', {
        method,
        body: Buffer.from('{"instanceId":"\xff"}', 'latin1'),
      });
      assert.equal(response.status, 400);
      assert.match(await messageOf(response), /^wrong data format: the body is not UTF-8/);
    });

    it(`${method} returns 413 for a body over 16 KiB and then accepts further requests`, async () => {
      const response = await send(method, 'default-elb', `{"instanceId":"${'a'.repeat(16 * 1024)}"}`);
      assert.equal(response.status, 413);
      assert.match(await messageOf(response), /larger than 16384 bytes/);
      assert.equal((await send(method, 'default-elb', '{}')).status, 400);
    });

    it(`${method} returns 404 for an unknown load balancer and for an invalid name`, async () => {
      for (const elbName of ['no-such-elb', '-impossible-']) {
        const response = await send(method, elbName, bodyOf(spare.instanceId));
        assert.equal(response.status, 404);
        const message = await messageOf(response);
        assert.match(message, /^the elb does not exist/);
        assert.ok(message.includes(elbName));
      }
      assert.equal(changes(), 0);
    });

    for (const headers of [
      { 'Sec-Fetch-Site': 'cross-site' },
      { 'Sec-Fetch-Site': 'same-site' },
      { Origin: 'http://elsewhere.example' },
      { Origin: 'null' },
    ])
      it(`${method} returns 403 for a browser request from another site: ${JSON.stringify(headers)}`, async () => {
        const response = await send(method, 'default-elb', bodyOf('i-5203422c'), headers);
        assert.equal(response.status, 403);
        assert.match(await messageOf(response), /another site/);
        assert.equal(aws.calls().calls, 0);
      });
  }

  it('POST returns 409 for a member', async () => {
    const response = await send('POST', 'default-elb', bodyOf('i-5203422c'));
    assert.equal(response.status, 409);
    assert.match(await messageOf(response), /^instance already on load balancer: i-5203422c/);
    assert.equal(changes(), 0);
  });

  it('DELETE returns 409 for an instance that is not a member', async () => {
    const response = await send('DELETE', 'default-elb', bodyOf(spare.instanceId));
    assert.equal(response.status, 409);
    assert.match(await messageOf(response), /^instance is not on load balancer: i-0b22a22eec53b9321/);
    assert.equal(changes(), 0);
  });

  it('POST returns 400 for an instance that EC2 does not describe', async () => {
    const response = await send('POST', 'default-elb', bodyOf('i-00000000000000000'));
    assert.equal(response.status, 400);
    assert.match(
      await messageOf(response),
      /^AWS refused the instance: EC2 does not describe i-00000000000000000; check/,
    );
    assert.equal(changes(), 0);
  });

  it('POST returns 400 with both VPCs for an instance in another VPC', async () => {
    const response = await send('POST', 'default-elb', bodyOf('i-0b3c0d7e895af7451'));
    assert.equal(response.status, 400);
    assert.match(
      await messageOf(response),
      /i-0b3c0d7e895af7451 is in vpc-1f2e3d4c, and the load balancer is in vpc-/,
    );
    assert.equal(changes(), 0);
  });

  it('DELETE returns 400 when body and query contain different instances', async () => {
    const response = await service.request('/elb/default-elb?instanceId=i-6d304aae', {
      method: 'DELETE',
      body: bodyOf('i-5203422c'),
    });
    assert.equal(response.status, 400);
    assert.match(await messageOf(response), /^wrong data format: .*different instance ids/);
    assert.equal(changes(), 0);
  });

  it('DELETE returns 400 for two instanceId parameters', async () => {
    const response = await service.request('/elb/default-elb?instanceId=i-6d304aae&instanceId=i-5203422c', {
      method: 'DELETE',
    });
    assert.equal(response.status, 400);
    assert.match(await messageOf(response), /instanceId (appears twice|is not a single string)/);
  });

  it('POST attaches the instance and returns 201 with its details', async () => {
    const response = await send('POST', 'default-elb', bodyOf(spare.instanceId));
    assert.equal(response.status, 201);
    assert.deepEqual(await messageOf(response), spare);
    assert.ok(aws.region.members('default-elb').includes(spare.instanceId));
    const list = await messageOf<unknown[]>(await service.request('/elb/default-elb'));
    assert.deepEqual(list.at(-1), spare);
  });

  for (const headers of [
    {},
    { 'Content-Type': 'application/x-www-form-urlencoded' },
    { 'Content-Type': 'text/plain' },
  ])
    it(`POST accepts a JSON body with the headers ${JSON.stringify(headers)}`, async () => {
      assert.equal((await send('POST', 'default-elb', bodyOf(spare.instanceId), headers)).status, 201);
    });

  it('POST accepts a browser request from the same origin', async () => {
    const { host } = new URL(service.url);
    const headers = { Origin: `http://${host}` };
    assert.equal((await send('POST', 'default-elb', bodyOf(spare.instanceId), headers)).status, 201);
  });

  it('DELETE detaches the instance and returns 201 with its details', async () => {
    const response = await send('DELETE', 'default-elb', bodyOf('i-5203422c'));
    assert.equal(response.status, 201);
    assert.equal((await messageOf<typeof spare>(response)).instanceId, 'i-5203422c');
    assert.ok(!aws.region.members('default-elb').includes('i-5203422c'));
    const list = await messageOf<(typeof spare)[]>(await service.request('/elb/default-elb'));
    assert.deepEqual(
      list.map(({ instanceId }) => instanceId),
      ['i-0a4f8c3e9d1b27650', 'i-6d304aae'],
    );
  });

  for (const body of [undefined, '', 'null', '{}'])
    it(`DELETE reads the instance from the query when the body is ${body === '' ? 'empty' : (body ?? 'absent')}`, async () => {
      const response = await service.request('/elb/default-elb?instanceId=i-6d304aae', {
        method: 'DELETE',
        ...(body !== undefined && { body }),
      });
      assert.equal(response.status, 201);
      assert.ok(!aws.region.members('default-elb').includes('i-6d304aae'));
    });

  it('DELETE detaches a member that EC2 does not describe', async () => {
    aws.region.loadBalancer('empty-elb').setMembers(['i-74d1b6ef']);
    aws.region.changeInstance('i-74d1b6ef', { forgotten: true });
    const response = await send('DELETE', 'empty-elb', bodyOf('i-74d1b6ef'));
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
    it(`${method} returns 201 once and ${code} once for concurrent requests with the same instance`, async () => {
      const id = method === 'POST' ? spare.instanceId : 'i-5203422c';
      const responses = await Promise.all([
        send(method, 'default-elb', bodyOf(id)),
        send(method, 'default-elb', bodyOf(id)),
      ]);
      assert.deepEqual(responses.map(({ status }) => status).sort(), [201, code]);
      assert.equal(changes(), 1);
    });
});
