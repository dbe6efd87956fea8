import assert from 'node:assert/strict';
import { ClassicElbGateway } from '../../aws/classic-elb-gateway.ts';
import { createAwsClients } from '../../aws/clients.ts';
import { type EmbeddedAws, startEmbeddedAws } from '../../embedded-aws/server.ts';
import type { ElbName, InstanceId } from '../../load-balancers/instance.ts';
import { AwsLedger } from '../../telemetry/aws-ledger.ts';
import { startTrace } from '../../telemetry/aws-trace.ts';
import { watchLoopback } from '../support/loopback.ts';
import { VirtualClock } from '../support/virtual-clock.ts';
import { installTimersOf } from '../support/virtual-timers.ts';
import { deregister, describeElbs, describeInstances, eventually, register } from '../support/world.ts';

const web = 'default-elb' as ElbName;
const [member, stranger] = ['i-5203422c', 'i-0b22a22eec53b9321'] as InstanceId[] as [InstanceId, InstanceId];

describe('ClassicElbGateway', () => {
  let clock: VirtualClock;
  let restoreTime: () => void;
  let aws: EmbeddedAws;
  let ledger: AwsLedger;
  let gateway: ClassicElbGateway;
  beforeEach(async () => {
    const loopback = watchLoopback();
    clock = new VirtualClock(() => loopback.idle());
    aws = await startEmbeddedAws({ elbs: 500, instances: 500, clock });
    const restoreTimers = installTimersOf(clock);
    restoreTime = () => {
      restoreTimers();
      loopback.stop();
    };
    ledger = new AwsLedger(clock);
    const clients = createAwsClients({
      clock,
      region: 'us-east-1',
      endpoint: aws.url,
      credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
      connectTimeoutMs: 1000,
      answerTimeoutMs: 3000,
    });
    gateway = new ClassicElbGateway(clients, ledger, { elbReadsPerSecond: 20, ec2ReadsPerSecond: 20 }, clock);
  });
  afterEach(() => {
    restoreTime();
    return aws.close();
  });
  const calls = (action: string) => aws.calls().actions[action]?.calls ?? 0;

  it('rejects after 3 failed attempts', async () => {
    aws.faults.set([{ status: 500 }]);
    await assert.rejects(clock.run(gateway.describeRegion(startTrace(clock, 8000))), { code: 'aws_failed' });
    assert.equal(calls(describeElbs), 3);
    aws.faults.set([{ reset: true, count: 2 }]);
    await clock.run(gateway.describeLoadBalancer(web, startTrace(clock, 8000)));
  });

  it('rejects at the deadline if AWS does not respond', async () => {
    aws.faults.set([{ silent: true }]);
    const began = clock.now();
    await assert.rejects(clock.run(gateway.describeLoadBalancer(web, startTrace(clock, 400))), {
      code: 'aws_unreachable',
    });
    assert.ok(clock.now() - began < 450, 'it waited for the first attempt to time out');
  });

  it('pauses all ELB reads after DependencyThrottle', async () => {
    aws.faults.set([{ throttle: 'DependencyThrottle', actions: [describeElbs] }]);
    await assert.rejects(clock.run(gateway.describeRegion(startTrace(clock, 8000))), {
      code: 'aws_throttled',
    });
    assert.equal(calls(describeElbs), 1);
    await assert.rejects(clock.run(gateway.describeLoadBalancer(web, startTrace(clock, 8000))), {
      code: 'aws_throttled',
    });
    assert.equal(calls(describeElbs), 1);
    assert.equal(ledger.snapshot()[`elasticloadbalancing:${describeElbs}`]?.throttled, 1);
  });

  it('pauses ELB reads for a second after throttling, but not EC2 reads or changes', async () => {
    aws.faults.set([{ throttle: true, actions: [describeElbs], count: 1 }]);
    const region = gateway.describeRegion(startTrace(clock, 8000));
    await eventually(() => aws.calls().throttled === 1, 'AWS throttles the call', clock);
    for (let n = 0; n < 20; n++)
      await assert.rejects(clock.run(gateway.describeLoadBalancer(web, startTrace(clock, 8000))), {
        code: 'aws_throttled',
      });
    assert.equal(calls(describeElbs), 1);
    assert.equal((await clock.run(gateway.describeInstances([member], startTrace(clock, 8000)))).size, 1);
    assert.ok(
      (await clock.run(gateway.register(web, [stranger], startTrace(clock, 8000)))).includes(stranger),
    );
    assert.equal((await clock.run(region)).size, 500);
    const { log } = aws.calls();
    const [first, second] = log.filter(({ action }) => action === describeElbs).map(({ atMs }) => atMs);
    assert.ok(second! - first! > 900, 'the retry did not wait');
  });

  it('treats a Deregister as made if its response was lost and its retry is refused', async () => {
    aws.faults.set([{ resetAfter: true, actions: [deregister], count: 1 }]);
    assert.equal(await clock.run(gateway.deregister(web, [member], startTrace(clock, 8000))), undefined);
    assert.equal(calls(deregister), 2);
    assert.ok(!aws.region.members(web).includes(member));
  });

  it('rejects a Deregister whose first attempt is refused', async () => {
    await assert.rejects(clock.run(gateway.deregister(web, [stranger], startTrace(clock, 8000))), {
      code: 'instance_refused',
    });
    assert.equal(calls(deregister), 1);
  });

  it('retries a Register whose response was lost and registers the instance once', async () => {
    aws.faults.set([{ resetAfter: true, actions: [register], count: 1 }]);
    const members = await clock.run(gateway.register(web, [stranger], startTrace(clock, 8000)));
    assert.equal(members.filter((instanceId) => instanceId === stranger).length, 1);
    assert.equal(calls(register), 2);
  });

  it('reads 500 load balancers in pages of 400 and calls `sent` once', async () => {
    aws.faults.set([{ latencyMs: 50 }]);
    const sent: number[] = [];
    const began = clock.now();
    const trace = startTrace(clock, 8000, { sent: () => sent.push(clock.now() - began) });
    assert.equal((await clock.run(gateway.describeRegion(trace))).size, 500);
    assert.equal(calls(describeElbs), 2);
    assert.equal(sent.length, 1);
    assert.equal(trace.requestIds.length, 2);
  });

  it('omits instances that EC2 does not have from 200 instances in one call', async () => {
    const known = aws.region.instances().slice(0, 199) as { instanceId: string }[];
    const requested = [...known.map(({ instanceId }) => instanceId), 'i-00000000'] as InstanceId[];
    assert.equal((await clock.run(gateway.describeInstances(requested, startTrace(clock, 8000)))).size, 199);
    assert.equal(calls(describeInstances), 1);
  });
});
