import assert from 'node:assert/strict';
import { type EmbeddedAws, startEmbeddedAws } from '../../embedded-aws/server.ts';
import { messageOf, type Service, startService } from '../support/service.ts';

describe('GET /elb/{elbName}', () => {
  let aws: EmbeddedAws;
  let service: Service;
  before(async () => {
    aws = await startEmbeddedAws();
    // Nothing is remembered, so that every question would show.
    service = await startService(aws.url, { INVENTORY_MAX_AGE_MS: '0' });
  });
  after(async () => {
    await service.close();
    await aws.close();
  });

  it('answers 404 and names the load balancer that AWS does not know', async () => {
    const response = await service.request('/elb/no-such-elb');
    assert.equal(response.status, 404);
    assert.match(await messageOf(response), /^the elb does not exist: .*"no-such-elb" in us-east-1/);
  });

  for (const name of ['-x', 'x-', 'a_b', 'a.b', 'a%2Fb', 'a'.repeat(33), '%E0%A4%A', '%00', 'é'])
    it(`answers 404 to the impossible name ${name} without a call of AWS`, async () => {
      aws.resetCalls();
      const response = await service.request(`/elb/${name}`);
      assert.equal(response.status, 404);
      assert.match(await messageOf(response), /^the elb does not exist/);
      assert.equal(aws.calls().actions['DescribeLoadBalancers'], undefined);
    });

  it('lists the members in the order of AWS, as the contract shapes them', async () => {
    const response = await service.request('/elb/default-elb');
    assert.equal(response.status, 200);
    assert.match(response.headers.get('content-type') ?? '', /^application\/json/);
    assert.deepEqual(await messageOf(response), [
      { instanceId: 'i-5203422c', instanceType: 't1.micro', launchDate: '2016-08-29T09:12:33.001Z' },
      {
        instanceId: 'i-0a4f8c3e9d1b27650',
        instanceType: 't3.medium',
        launchDate: '2023-03-14T08:05:21.000Z',
      },
      { instanceId: 'i-6d304aae', instanceType: 'm3.large', launchDate: '2015-11-02T17:40:09.000Z' },
    ]);
  });

  it('answers an empty list for a load balancer without members', async () => {
    const response = await service.request('/elb/empty-elb');
    assert.equal(response.status, 200);
    assert.deepEqual(await messageOf(response), []);
  });

  it('answers HEAD as GET, without the body', async () => {
    const get = await service.request('/elb/default-elb');
    const head = await service.request('/elb/default-elb', { method: 'HEAD' });
    assert.equal(head.status, 200);
    assert.equal(head.headers.get('content-length'), String((await get.arrayBuffer()).byteLength));
    assert.equal(await head.text(), '');
  });

  it('keeps a member in the list that EC2 no longer describes', async () => {
    aws.region.putLoadBalancer({ ...aws.region.loadBalancer('default-elb').spec, name: 'forgetful' });
    aws.region.setMembers('forgetful', ['i-9a0c47d2', 'i-1f8b3e07']);
    aws.region.changeInstance('i-9a0c47d2', { forgotten: true });
    assert.deepEqual(await listWhenSeen('forgetful'), [
      { instanceId: 'i-9a0c47d2', instanceType: 'unknown', launchDate: 'unknown' },
      { instanceId: 'i-1f8b3e07', instanceType: 'm1.small', launchDate: '2014-02-11T10:03:58.000Z' },
    ]);
  });

  it('lists once an instance that AWS lists twice', async () => {
    aws.region.putLoadBalancer({ ...aws.region.loadBalancer('default-elb').spec, name: 'doubled' });
    aws.region.setMembers('doubled', ['i-c3e5570b', 'i-1f8b3e07', 'i-c3e5570b']);
    const list = await listWhenSeen('doubled');
    assert.deepEqual(
      list.map(({ instanceId }) => instanceId),
      ['i-c3e5570b', 'i-1f8b3e07'],
    );
  });

  /** AWS was changed behind the back of the service, so what it remembers is asked to be put aside. */
  async function listWhenSeen(elbName: string): Promise<{ instanceId: string }[]> {
    const response = await service.request(`/elb/${elbName}`, { headers: { 'Cache-Control': 'no-cache' } });
    assert.equal(response.status, 200);
    return messageOf(response);
  }
});

describe('GET /healthcheck', () => {
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

  for (const method of ['GET', 'HEAD'])
    it(`answers ${method} without credentials and without AWS`, async () => {
      const response = await fetch(`${service.url}/healthcheck`, { method });
      assert.equal(response.status, 200);
      assert.equal(response.headers.get('content-length'), '16');
      assert.equal(await response.text(), method === 'GET' ? '{"message":"ok"}' : '');
      assert.equal(aws.calls().calls, 0);
    });
});
