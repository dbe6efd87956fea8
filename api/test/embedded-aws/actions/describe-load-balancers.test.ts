import assert from 'node:assert/strict';
import {
  DescribeLoadBalancerAttributesCommand,
  DescribeLoadBalancersCommand,
  paginateDescribeLoadBalancers,
} from '@aws-sdk/client-elastic-load-balancing';
import { ids, startLab, type Lab } from '../support.ts';

describe('DescribeLoadBalancers of the embedded AWS', () => {
  let lab: Lab;
  before(async () => {
    lab = await startLab();
  });
  after(() => lab.close());

  it('refuses the call for one unknown name with the message of AWS', async () => {
    const command = new DescribeLoadBalancersCommand({ LoadBalancerNames: ['default-elb', 'x'] });
    await assert.rejects(lab.elb.send(command), {
      name: 'AccessPointNotFoundException',
      message: "There is no ACTIVE Load Balancer named 'x'",
    });
  });

  for (const PageSize of [0, 401]) {
    it(`refuses a page size of ${PageSize}`, async () => {
      await assert.rejects(lab.elb.send(new DescribeLoadBalancersCommand({ PageSize })), {
        name: 'ValidationError',
        message: /at 'pageSize' failed to satisfy constraint/,
      });
    });
  }

  it('refuses an invalid marker', async () => {
    const command = new DescribeLoadBalancersCommand({ Marker: 'bogus' });
    await assert.rejects(lab.elb.send(command), { name: 'ValidationError' });
  });

  it('returns the region with all fields of AWS', async () => {
    const { LoadBalancerDescriptions: all = [], NextMarker } = await lab.elb.send(
      new DescribeLoadBalancersCommand({}),
    );
    assert.equal(NextMarker, undefined);
    assert.deepEqual(
      all.map((balancer) => balancer.LoadBalancerName),
      ['default-elb', 'empty-elb', 'other-vpc-elb'],
    );
    const [first] = all;
    assert.deepEqual(
      first?.Instances?.map(({ InstanceId }) => InstanceId),
      [ids.member, ids.secondMember, ids.thirdMember],
    );
    assert.deepEqual(first.AvailabilityZones, ['us-east-1a', 'us-east-1b', 'us-east-1c']);
    assert.equal(first.HealthCheck?.Target, 'HTTP:8000/healthcheck');
    assert.equal(first.ListenerDescriptions?.[0]?.Listener?.InstancePort, 8000);
    assert.equal(first.CreatedTime?.toISOString(), '2016-08-30T10:01:44.490Z');
    assert.equal(first.Scheme, 'internet-facing');
    assert.match(first.DNSName ?? '', /^default-elb-\d+\.us-east-1\.elb\.amazonaws\.com$/);
    for (const field of ['Subnets', 'VPCId', 'SecurityGroups', 'SourceSecurityGroup', 'Policies'] as const) {
      assert.ok(first[field], field);
    }
    assert.deepEqual(all[1]?.Instances, []);
  });

  it('returns load balancers in the order of the names', async () => {
    const command = new DescribeLoadBalancersCommand({ LoadBalancerNames: ['other-vpc-elb', 'default-elb'] });
    const { LoadBalancerDescriptions: found = [] } = await lab.elb.send(command);
    assert.deepEqual(
      found.map((balancer) => balancer.LoadBalancerName),
      ['other-vpc-elb', 'default-elb'],
    );
  });

  it('returns the region in pages', async () => {
    const pages: (string | undefined)[][] = [];
    for await (const page of paginateDescribeLoadBalancers({ client: lab.elb }, { PageSize: 2 })) {
      pages.push((page.LoadBalancerDescriptions ?? []).map((balancer) => balancer.LoadBalancerName));
    }
    assert.deepEqual(pages, [['default-elb', 'empty-elb'], ['other-vpc-elb']]);
  });

  it('returns the attributes with connection draining', async () => {
    const ask = (LoadBalancerName: string) => {
      return lab.elb.send(new DescribeLoadBalancerAttributesCommand({ LoadBalancerName }));
    };
    await assert.rejects(ask('nope'), { name: 'AccessPointNotFoundException' });
    const { LoadBalancerAttributes: attributes } = await ask('default-elb');
    assert.deepEqual(attributes?.ConnectionDraining, { Enabled: true, Timeout: 20 });
    assert.equal(attributes.ConnectionSettings?.IdleTimeout, 60);
    const other = await ask('other-vpc-elb');
    assert.equal(other.LoadBalancerAttributes?.ConnectionDraining?.Enabled, false);
  });
});

describe('A generated region', () => {
  it('has the requested size with evenly distributed members in service, in pages of 400', async () => {
    const lab = await startLab({ elbs: 503, instances: 10_025 });
    try {
      const sizes: number[] = [];
      const members: number[] = [];
      for await (const page of paginateDescribeLoadBalancers({ client: lab.elb }, {})) {
        sizes.push(page.LoadBalancerDescriptions?.length ?? 0);
        members.push(...(page.LoadBalancerDescriptions ?? []).map(({ Instances = [] }) => Instances.length));
      }
      assert.deepEqual(sizes, [400, 103]);
      assert.deepEqual(new Set(members.slice(3)), new Set([20]));
      assert.equal(lab.aws.region.instances().length, 10_025);
      assert.ok(
        lab.aws.region
          .loadBalancer('elb-0500')
          .health()
          .every(({ state }) => state === 'InService'),
      );
    } finally {
      await lab.close();
    }
  });
});
