import assert from 'node:assert/strict';
import { type EmbeddedAws, startEmbeddedAws } from '../../embedded-aws/server.ts';
import { messageOf, type Service, startService } from '../support/service.ts';

describe('GET /elb/{elbName}', () => {
  let aws: EmbeddedAws;
  let service: Service;
  before(async () => {
    aws = await startEmbeddedAws();
    // Caching is off, so that each request calls AWS.
    service = await startService(aws.url, { INVENTORY_MAX_AGE_MS: '0' });
  });
  after(async () => {
    await service.close();
    await aws.close();
  });

  it('returns 404 with the name of an unknown load balancer', async () => {
    const response = await service.request('/elb/no-such-elb');
    assert.equal(response.status, 404);
    assert.match(await messageOf(response), /^the elb does not exist: .*"no-such-elb" in us-east-1/);
  });

  for (const name of ['-x', 'x-', 'a_b', 'a.b', 'a%2Fb', 'a'.repeat(33), '%E0%A4%A', '%00', 'é'])
    it(`returns 404 without an AWS call for the invalid name ${name}`, async () => {
      aws.resetCalls();
      const response = await service.request(`/elb/${name}`);
      assert.equal(response.status, 404);
      assert.match(await messageOf(response), /^the elb does not exist/);
      assert.equal(aws.calls().actions['DescribeLoadBalancers'], undefined);
    });

  it('returns the members in the order of AWS and in the shape of the contract', async () => {
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

  it('returns an empty list for a load balancer without members', async () => {
    const response = await service.request('/elb/empty-elb');
    assert.equal(response.status, 200);
    assert.deepEqual(await messageOf(response), []);
  });

  it('returns the headers without the body for HEAD', async () => {
    const get = await service.request('/elb/default-elb');
    const head = await service.request('/elb/default-elb', { method: 'HEAD' });
    assert.equal(head.status, 200);
    assert.equal(head.headers.get('content-length'), String((await get.arrayBuffer()).byteLength));
    assert.equal(await head.text(), '');
  });

  it('lists unknown details for a member that EC2 does not describe', async () => {
    aws.region.putLoadBalancer({ ...aws.region.loadBalancer('default-elb').spec, name: 'forgetful' });
    aws.region.loadBalancer('forgetful').setMembers(['i-9a0c47d2', 'i-1f8b3e07']);
    aws.region.changeInstance('i-9a0c47d2', { forgotten: true });
    assert.deepEqual(await readUncached('forgetful'), [
      { instanceId: 'i-9a0c47d2', instanceType: 'unknown', launchDate: 'unknown' },
      { instanceId: 'i-1f8b3e07', instanceType: 'm1.small', launchDate: '2014-02-11T10:03:58.000Z' },
    ]);
  });

  it('lists an instance once when AWS lists it twice', async () => {
    aws.region.putLoadBalancer({ ...aws.region.loadBalancer('default-elb').spec, name: 'doubled' });
    aws.region.loadBalancer('doubled').setMembers(['i-c3e5570b', 'i-1f8b3e07', 'i-c3e5570b']);
    const list = await readUncached('doubled');
    assert.deepEqual(
      list.map(({ instanceId }) => instanceId),
      ['i-c3e5570b', 'i-1f8b3e07'],
    );
  });

  /** Returns the list with no-cache, because the tests change AWS directly. */
  async function readUncached(elbName: string): Promise<{ instanceId: string }[]> {
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
    it(`returns 200 for ${method} without credentials and without AWS calls`, async () => {
      const response = await fetch(`${service.url}/healthcheck`, { method });
      assert.equal(response.status, 200);
      assert.equal(response.headers.get('content-length'), '16');
      assert.equal(await response.text(), method === 'GET' ? '{"message":"ok"}' : '');
      assert.equal(aws.calls().calls, 0);
    });
});
