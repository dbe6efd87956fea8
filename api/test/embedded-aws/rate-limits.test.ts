import assert from 'node:assert/strict';
import { AwsError, type Service } from '../../embedded-aws/protocol/aws-error.ts';
import { RateLimits } from '../../embedded-aws/rate-limits.ts';
import { Query } from '../../embedded-aws/protocol/query-protocol.ts';
import { startLab, type RawAnswer } from './support.ts';

const byId = { 'InstanceId.1': 'i-5203422c' };
const byFilter = { 'Filter.1.Name': 'instance-id', 'Filter.1.Value.1': 'i-5203422c' };

describe('RateLimits', () => {
  /** Returns the number of consecutive calls to an action before the first rejected call. */
  const untilRefused = (limits: RateLimits, service: Service, action: string, parameters = {}) => {
    for (let calls = 0; calls < 1000; calls++) {
      try {
        limits.spend(service, action, new Query(new URLSearchParams(parameters)));
      } catch (error) {
        assert.ok(error instanceof AwsError, String(error));
        return calls;
      }
    }
    throw new Error('no call was refused');
  };

  it('allow a burst and then the refill rate', () => {
    let now = 0;
    const limits = new RateLimits(() => now);
    const describe = () => untilRefused(limits, 'elb', 'DescribeLoadBalancers');
    const byIds = () => untilRefused(limits, 'ec2', 'DescribeInstances', byId);
    const byFilters = () => untilRefused(limits, 'ec2', 'DescribeInstances', byFilter);
    assert.deepEqual([describe(), byIds(), byFilters()], [40, 50, 100]);
    assert.deepEqual([describe(), byIds(), byFilters()], [0, 0, 0]);
    now += 1000;
    assert.deepEqual([describe(), byIds(), byFilters()], [10, 10, 20]);
    now += 3_600_000;
    assert.deepEqual([describe(), byIds(), byFilters()], [40, 50, 100]);
  });

  it('refuse Register and Deregister after 20 calls and leave half of the reads', () => {
    let now = 0;
    const limits = new RateLimits(() => now);
    const register = () => untilRefused(limits, 'elb', 'RegisterInstancesWithLoadBalancer');
    assert.equal(register(), 20);
    assert.equal(untilRefused(limits, 'elb', 'DeregisterInstancesFromLoadBalancer'), 0);
    assert.equal(untilRefused(limits, 'elb', 'DescribeInstanceHealth'), 20);
    now += 1000;
    assert.equal(register(), 4);
    assert.equal(untilRefused(limits, 'elb', 'DescribeLoadBalancers'), 6);
  });

  const throttlings: [service: string, parameters: Record<string, string>, status: number, error: RegExp][] =
    [
      [
        'elasticloadbalancing',
        { Action: 'DescribeLoadBalancers', Version: '2012-06-01' },
        400,
        /<Code>Throttling<\/Code><Message>Rate exceeded</,
      ],
      ['ec2', { Action: 'DescribeInstances', Version: '2016-11-15', ...byId }, 503, /RequestLimitExceeded/],
    ];
  for (const [service, parameters, status, error] of throttlings) {
    it(`refuse calls to ${service} with its error and count them`, async () => {
      const lab = await startLab({ rateLimits: true });
      try {
        let refused: RawAnswer | undefined;
        while (refused === undefined) {
          const answers = await Promise.all(Array.from({ length: 100 }, () => lab.call(service, parameters)));
          refused = answers.find((answer) => answer.status !== 200);
        }
        assert.equal(refused.status, status);
        assert.match(refused.text, error);
        assert.ok(lab.aws.calls().throttled > 0, 'no call is counted');
      } finally {
        await lab.close();
      }
    });
  }

  it('are off by default', async () => {
    const lab = await startLab();
    try {
      const parameters = { Action: 'DescribeLoadBalancers', Version: '2012-06-01' };
      const answers = await Promise.all(
        Array.from({ length: 60 }, () => lab.call('elasticloadbalancing', parameters)),
      );
      assert.ok(
        answers.every(({ status }) => status === 200),
        'one is refused',
      );
    } finally {
      await lab.close();
    }
  });
});
