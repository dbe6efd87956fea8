import assert from 'node:assert/strict';
import { startLab, type Lab } from './support.ts';

const elb = (Action: string, extra: Record<string, string> = {}) => ({
  Action,
  Version: '2012-06-01',
  ...extra,
});
const ec2 = (extra: Record<string, string> = {}) => ({
  Action: 'DescribeInstances',
  Version: '2016-11-15',
  ...extra,
});
const byId = { 'InstanceId.1': 'i-5203422c' };
const byFilter = { 'Filter.1.Name': 'instance-id', 'Filter.1.Value.1': 'i-5203422c' };
const member = { LoadBalancerName: 'default-elb', 'Instances.member.1.InstanceId': 'i-5203422c' };

describe('rate limits of the embedded AWS', () => {
  let lab: Lab;
  beforeEach(async () => {
    lab = await startLab({ rateLimits: true });
  });
  afterEach(() => lab.close());

  /** How many of `count` calls at once go through: the burst, and what is refilled meanwhile. */
  const passed = async (count: number, service: string, parameters: Record<string, string>) => {
    const answers = await Promise.all(Array.from({ length: count }, () => lab.call(service, parameters)));
    return answers.filter(({ status }) => status === 200).length;
  };
  const between = (number: number, low: number, high: number) => {
    assert.ok(number >= low && number <= high, `${number} is not in ${low}..${high}`);
  };

  it('throttles ELB reads after a burst of 40, as Throttling', async () => {
    between(await passed(60, 'elasticloadbalancing', elb('DescribeLoadBalancers')), 40, 50);
    await passed(20, 'elasticloadbalancing', elb('DescribeLoadBalancers'));
    const { status, text } = await lab.call('elasticloadbalancing', elb('DescribeInstanceHealth'));
    assert.equal(status, 400);
    assert.match(text, /<Code>Throttling<\/Code><Message>Rate exceeded</);
    assert.ok(lab.aws.calls().throttled >= 30);
  });

  it('throttles Register and Deregister after a burst of 20, and lets reads go on', async () => {
    const register = elb('RegisterInstancesWithLoadBalancer', member);
    between(await passed(35, 'elasticloadbalancing', register), 20, 24);
    between(await passed(60, 'elasticloadbalancing', elb('DescribeLoadBalancers')), 15, 35);
  });

  it('gives DescribeInstances 50 by id, and 100 by filter, as RequestLimitExceeded', async () => {
    between(await passed(80, 'ec2', ec2(byId)), 50, 60);
    between(await passed(140, 'ec2', ec2(byFilter)), 100, 125);
    await passed(20, 'ec2', ec2(byId));
    const { status, text } = await lab.call('ec2', ec2(byId));
    assert.equal(status, 503);
    assert.match(text, /RequestLimitExceeded/);
  });

  it('are off by default', async () => {
    const free = await startLab();
    try {
      const all = Array.from({ length: 60 }, () =>
        free.call('elasticloadbalancing', elb('DescribeLoadBalancers')),
      );
      assert.ok((await Promise.all(all)).every(({ status }) => status === 200));
    } finally {
      await free.close();
    }
  });
});
