import assert from 'node:assert/strict';
import { DescribeInstancesCommand } from '@aws-sdk/client-ec2';
import {
  DescribeLoadBalancersCommand,
  RegisterInstancesWithLoadBalancerCommand,
} from '@aws-sdk/client-elastic-load-balancing';
import type { Fault } from '../../embedded-aws/faults.ts';
import { until } from '../support/process.ts';
import { ids, startLab, type Lab } from './support.ts';

describe('Faults', () => {
  let lab: Lab;
  beforeEach(async () => {
    lab = await startLab();
  });
  afterEach(() => lab.close());

  const elb = () => lab.elb.send(new DescribeLoadBalancersCommand({}));
  const ec2 = () => lab.ec2.send(new DescribeInstancesCommand({ InstanceIds: [ids.member] }));

  for (const [fault, elbName, ec2Name, elbStatus, ec2Status] of [
    [{ throttle: true }, 'Throttling', 'RequestLimitExceeded', 400, 503],
    [{ throttle: 'ThrottlingException' }, 'ThrottlingException', 'ThrottlingException', 400, 400],
    [{ throttle: 'DependencyThrottle' }, 'DependencyThrottleException', 'DependencyThrottle', 400, 400],
    [{ status: 500 }, 'InternalFailure', 'InternalError', 500, 500],
    [{ status: 503 }, 'ServiceUnavailable', 'ServiceUnavailable', 503, 503],
    [{ refuse: true }, 'AccessDenied', 'UnauthorizedOperation', 403, 403],
    [{ refuse: 'ExpiredToken' }, 'ExpiredToken', 'ExpiredToken', 403, 403],
    [{ refuse: 'InvalidClientTokenId' }, 'InvalidClientTokenId', 'InvalidClientTokenId', 403, 403],
    [{ refuse: 'AuthFailure' }, 'AuthFailure', 'AuthFailure', 401, 401],
    [{ refuse: 'OptInRequired' }, 'OptInRequired', 'OptInRequired', 400, 400],
  ] as const) {
    it(`apply ${JSON.stringify(fault)} in the form of each service`, async () => {
      lab.aws.faults.set([fault]);
      const status =
        (httpStatusCode: number) => (error: Error & { $metadata?: { httpStatusCode?: number } }) => {
          assert.equal(error.$metadata?.httpStatusCode, httpStatusCode);
          return true;
        };
      await assert.rejects(elb(), { name: elbName });
      await assert.rejects(elb(), status(elbStatus));
      await assert.rejects(ec2(), { name: ec2Name });
      await assert.rejects(ec2(), status(ec2Status));
    });
  }

  it('mark a 5xx of ELB as an error of the receiver', async () => {
    lab.aws.faults.set([{ status: 500 }]);
    const { text } = await lab.call('elasticloadbalancing', {
      Action: 'DescribeLoadBalancers',
      Version: '2012-06-01',
    });
    assert.match(text, /<Type>Receiver<\/Type>/);
  });

  it('name the action in AccessDenied', async () => {
    lab.aws.faults.set([{ refuse: true }]);
    await assert.rejects(elb(), { message: /elasticloadbalancing:DescribeLoadBalancers$/ });
  });

  it('apply to a service, to actions and to a number of calls', async () => {
    lab.aws.faults.set([{ service: 'elb', actions: ['DescribeLoadBalancers'], count: 2, throttle: true }]);
    await ec2();
    await assert.rejects(elb(), { name: 'Throttling' });
    assert.equal(lab.aws.faults.list()[0]?.count, 1);
    await assert.rejects(elb(), { name: 'Throttling' });
    await elb();
    assert.deepEqual(lab.aws.faults.list(), []);
  });

  it('decrement the count only for matching calls', async () => {
    lab.aws.faults.set([
      { throttle: true, count: 1 },
      { status: 500, count: 1 },
    ]);
    await assert.rejects(elb(), { name: 'Throttling' });
    await assert.rejects(elb(), { name: 'InternalFailure' });
    await elb();
  });

  it('add up latencies, including those of other faults', async () => {
    lab.aws.faults.set([{ latencyMs: 30 }, { latencyMs: 30 }, { throttle: true }]);
    const began = performance.now();
    await assert.rejects(elb(), { name: 'Throttling' });
    assert.ok(performance.now() - began >= 58);
  });

  it('reset the connection before or after the call takes effect', async () => {
    const register = () => {
      const Instances = [{ InstanceId: ids.free }];
      return lab.elb.send(
        new RegisterInstancesWithLoadBalancerCommand({ LoadBalancerName: 'empty-elb', Instances }),
      );
    };
    lab.aws.faults.set([{ reset: true }]);
    await assert.rejects(register(), { code: 'ECONNRESET' });
    assert.deepEqual(lab.aws.region.members('empty-elb'), []);
    lab.aws.faults.set([{ resetAfter: true }]);
    await assert.rejects(register(), { code: 'ECONNRESET' });
    assert.deepEqual(lab.aws.region.members('empty-elb'), [ids.free]);
    assert.equal(lab.aws.calls().actions.RegisterInstancesWithLoadBalancer?.failed, 2);
  });

  it('do not respond until the client disconnects, even on a persistent connection', async () => {
    await elb();
    lab.aws.faults.set([{ silent: true }]);
    const disconnecting = new AbortController();
    const options = { abortSignal: disconnecting.signal };
    const call = assert.rejects(lab.elb.send(new DescribeLoadBalancersCommand({}), options), {
      name: 'AbortError',
    });
    await until(() => lab.aws.calls().actions.DescribeLoadBalancers?.inFlight === 1);
    disconnecting.abort();
    await call;
    lab.aws.faults.clear();
    await elb();
    assert.deepEqual(
      lab.aws.calls().log.map(({ outcome }) => outcome),
      ['OK', 'Silent', 'OK'],
    );
  });

  it('can be set and removed through the control API', async () => {
    const faults: Fault[] = [{ service: 'ec2', status: 503 }, { latencyMs: 5 }];
    assert.deepEqual((await lab.control('PUT', '/faults', { faults })).json, { faults });
    await assert.rejects(ec2(), { name: 'ServiceUnavailable' });
    assert.deepEqual((await lab.control('GET', '/faults')).json, { faults });
    assert.deepEqual((await lab.control('DELETE', '/faults')).json, { faults: [] });
    await ec2();
  });
});
