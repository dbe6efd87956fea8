import assert from 'node:assert/strict';
import { DomainError } from '../../../errors.ts';
import type { MemberHealth } from '../../../load-balancers/member-health.ts';
import { HealthReader } from '../../../load-balancers/health/health-reader.ts';
import type { ElbName, InstanceId, Members } from '../../../load-balancers/instance.ts';
import { RecentChanges } from '../../../load-balancers/health/recent-changes.ts';
import { startTrace } from '../../../telemetry/aws-trace.ts';
import { elb, id, ids, ScriptedGateway } from '../../support/scripted-gateway.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';

const web = elb('web');
const inService = (instanceId: InstanceId): MemberHealth => {
  return { instanceId, state: 'InService', reasonCode: 'N/A', description: 'N/A', condition: 'in-service' };
};

/** A gateway that rejects unknown instances and identifies each of them. */
class NamingAws extends ScriptedGateway {
  drainingCalls = 0;
  draining: () => Promise<number> = () => Promise.resolve(20);

  override describeDraining(): Promise<number> {
    this.drainingCalls += 1;
    return this.draining();
  }

  override describeHealth(_elbName: ElbName, instanceIds: Members | undefined): Promise<MemberHealth[]> {
    this.healthCalls.push(instanceIds);
    const refusedInstances = instanceIds?.filter((one) => !this.health.some((h) => h.instanceId === one));
    return refusedInstances === undefined || refusedInstances.length === 0
      ? Promise.resolve(this.health)
      : Promise.reject(new DomainError('instance_refused', 'Could not find', { refusedInstances }));
  }
}

describe('HealthReader', () => {
  let gateway: NamingAws;
  let clock: VirtualClock;
  let reader: HealthReader;
  beforeEach(() => {
    gateway = new NamingAws();
    clock = new VirtualClock();
    const inventory = { changedAt: () => -Infinity, requireKnown: () => Promise.resolve() };
    reader = new HealthReader(gateway, new RecentChanges(clock), inventory, 3000, clock);
  });
  const trace = () => startTrace(clock, 3000);

  it('retries once without the instances that AWS names as unknown', async () => {
    gateway.health = ids(10, 5).map(inService);
    const health = await reader.readSome(web, ids(15), trace());
    assert.deepEqual([...health.keys()], ids(10, 5));
    assert.deepEqual(gateway.healthCalls, [ids(15), ids(10, 5)]);
  });

  it('makes no call without ids if AWS refuses all of them', async () => {
    gateway.health = [inService(id(99))];
    assert.equal((await reader.readSome(web, ids(3), trace())).size, 0);
    assert.deepEqual(gateway.healthCalls, [ids(3)]);
  });

  it('shares the call for the draining timeout, and caches the response for minutes', async () => {
    const read = () => reader.drainingTimeouts.of(web, trace());
    assert.deepEqual(await Promise.all([read(), read(), read()]), [20, 20, 20]);
    await clock.run(clock.sleep(299_000));
    assert.equal(await read(), 20);
    assert.equal(gateway.drainingCalls, 1);
    await clock.run(clock.sleep(2000));
    assert.equal(await read(), 20);
    assert.equal(gateway.drainingCalls, 2);
  });

  it('shares a failed call for the draining timeout, and repeats it only after a few seconds', async () => {
    gateway.draining = () => Promise.reject(new DomainError('aws_refused', 'no'));
    const read = () => reader.drainingTimeouts.of(web, trace());
    assert.deepEqual(await Promise.all([read(), read()]), [undefined, undefined]);
    assert.equal(await read(), undefined);
    assert.equal(gateway.drainingCalls, 1);
    await clock.run(clock.sleep(5001));
    gateway.draining = () => Promise.resolve(30);
    assert.equal(await read(), 30);
    assert.equal(gateway.drainingCalls, 2);
  });
});
