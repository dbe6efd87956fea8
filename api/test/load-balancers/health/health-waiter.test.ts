import { elbNotFound } from '../../../load-balancers/failures.ts';
import assert from 'node:assert/strict';
import { DomainError } from '../../../errors.ts';
import type { Condition, MemberHealth } from '../../../load-balancers/member-health.ts';
import { HealthReader } from '../../../load-balancers/health/health-reader.ts';
import type { InstanceId } from '../../../load-balancers/instance.ts';
import { RecentChanges } from '../../../load-balancers/health/recent-changes.ts';
import { HealthWaiter } from '../../../load-balancers/health/health-waiter.ts';
import { elb, id, ScriptedGateway } from '../../support/scripted-gateway.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';
import { eventually } from '../../support/world.ts';

const web = elb('web');

function health(instanceId: InstanceId, condition: Condition): MemberHealth {
  const inService = ['in-service', 'draining'].includes(condition);
  const state = inService ? 'InService' : condition === 'unknown' ? 'Unknown' : 'OutOfService';
  return { instanceId, state, reasonCode: 'N/A', description: 'N/A', condition };
}

describe('HealthWaiter', () => {
  let clock: VirtualClock;
  let gateway: ScriptedGateway;
  let closing: AbortController;
  let waiter: HealthWaiter;
  let listed: InstanceId[];
  let membersError: Error | undefined;
  let membersCalls: number;
  beforeEach(() => {
    clock = new VirtualClock();
    gateway = new ScriptedGateway();
    closing = new AbortController();
    listed = [];
    membersError = undefined;
    membersCalls = 0;
    const members = () => {
      membersCalls += 1;
      return membersError === undefined ? Promise.resolve(listed) : Promise.reject(membersError);
    };
    const reads = new HealthReader(
      gateway,
      new RecentChanges(clock),
      { changedAt: () => -Infinity, requireKnown: () => Promise.resolve() },
      3000,
      clock,
    );
    waiter = new HealthWaiter(
      reads,
      { members },
      {
        elbReadsPerSecond: 1000,
        deadlineMs: 3000,
        closing: closing.signal,
        clock,
      },
    );
  });
  const until = (instanceId: InstanceId, awaited: 'in-service' | 'drained', ms = 20_000) =>
    clock.run(waiter.until(web, instanceId, awaited, { ms, disconnected: new AbortController().signal }));

  it('returns at once when the client has disconnected or the service closes', async () => {
    const left = AbortSignal.abort();
    assert.deepEqual(await waiter.until(web, id(1), 'drained', { ms: 1000, disconnected: left }), {
      how: 'disconnected',
    });
    closing.abort();
    assert.deepEqual(await until(id(1), 'drained'), { how: 'closing' });
    assert.deepEqual(gateway.healthCalls, []);
  });

  it('ignores a read that was sent before the wait began', async () => {
    gateway.health = [health(id(1), 'in-service'), health(id(2), 'in-service')];
    const release = gateway.hold();
    const first = until(id(1), 'in-service');
    await eventually(() => gateway.healthCalls.length === 1, 'AWS is called', clock);
    const second = until(id(2), 'in-service');
    gateway.health = [health(id(1), 'in-service'), health(id(2), 'registering')];
    release();
    assert.equal((await first).how, 'reached');
    await eventually(() => gateway.healthCalls.length >= 3, 'the second read', clock);
    assert.equal(waiter.waiters, 1);
    gateway.health = [health(id(2), 'in-service')];
    assert.equal((await second).how, 'reached');
    assert.deepEqual(gateway.healthCalls[1], [id(2)]);
  });

  it('does not end a wait for in-service while the instance drains', async () => {
    gateway.health = [health(id(1), 'draining')];
    const end = until(id(1), 'in-service');
    await eventually(() => gateway.healthCalls.length >= 2, 'AWS is called', clock);
    gateway.health = [health(id(1), 'not-registered')];
    assert.deepEqual(await end, { how: 'lost', drained: true });
  });

  describe('if the health does not show whether the instance is a member', () => {
    const odd: [what: string, healthNow: () => MemberHealth[]][] = [
      ['is InvalidInstance', () => []],
      ['is Unknown', () => [health(id(1), 'unknown')]],
      ['says not registered', () => [health(id(1), 'not-registered')]],
      ['says not registered, as Unknown', () => [{ ...health(id(1), 'not-registered'), state: 'Unknown' }]],
    ];
    for (const [what, healthNow] of odd) {
      it(`ends a wait for in-service if it ${what} and the instance is not a member`, async () => {
        gateway.health = healthNow();
        assert.deepEqual(await until(id(1), 'in-service'), { how: 'lost', drained: false });
        assert.equal(membersCalls, 1);
      });

      it(`continues a wait for in-service while it ${what} and the instance is listed`, async () => {
        gateway.health = healthNow();
        listed = [id(1)];
        const end = until(id(1), 'in-service');
        await eventually(() => gateway.healthCalls.length >= 4, 'AWS is called', clock);
        assert.equal(waiter.waiters, 1);
        gateway.health = [health(id(1), 'in-service')];
        assert.equal((await end).how, 'reached');
      });

      it(`ends a wait for drained if it ${what} and the instance is not a member`, async () => {
        gateway.health = healthNow();
        assert.equal((await until(id(1), 'drained')).how, 'reached');
        assert.equal(gateway.healthCalls.length, 1);
      });
    }

    it('continues a wait for drained while health is Unknown and the instance is listed', async () => {
      gateway.health = [health(id(1), 'unknown')];
      listed = [id(1)];
      const end = until(id(1), 'drained');
      await eventually(() => gateway.healthCalls.length >= 3, 'AWS is called', clock);
      assert.equal(waiter.waiters, 1);
      listed = [];
      assert.equal((await end).how, 'reached');
    });

    it('continues the wait if the members cannot be read, and ends it if the load balancer does not exist', async () => {
      membersError = new DomainError('aws_throttled', 'AWS throttles');
      const late = await until(id(1), 'in-service', 2000);
      assert.deepEqual(late, { how: 'timed-out', trouble: membersError });
      membersError = elbNotFound(web, 'us-east-1');
      assert.deepEqual(await until(id(1), 'in-service'), { how: 'failed', error: membersError });
    });

    it('does not read the members if the health shows the membership', async () => {
      gateway.health = [health(id(1), 'registering')];
      await until(id(1), 'in-service', 2000);
      gateway.health = [health(id(1), 'in-service')];
      await until(id(1), 'in-service');
      assert.equal(membersCalls, 0);
    });
  });

  it('ends a wait for drained for instances that AWS does not list, and continues for the others of the call', async () => {
    gateway.health = [health(id(2), 'draining')];
    const [gone, drains] = [until(id(1), 'drained'), until(id(2), 'drained')];
    assert.equal((await gone).how, 'reached');
    assert.deepEqual(gateway.healthCalls, [[id(1), id(2)], [id(1)], [id(2)]]);
    gateway.health = [health(id(2), 'not-registered')];
    assert.equal((await drains).how, 'reached');
  });

  it('ends at the timeout with the last health', async () => {
    gateway.health = [health(id(1), 'registering')];
    assert.deepEqual(await until(id(1), 'in-service', 2000), { how: 'timed-out', last: gateway.health[0] });
    assert.equal(waiter.waiters, 0);
  });

  it('makes no call without waits', async () => {
    gateway.health = [health(id(1), 'registering')];
    await until(id(1), 'in-service', 2000);
    const { length } = gateway.healthCalls;
    await clock.pass(5000);
    assert.equal(gateway.healthCalls.length, length);
  });
});
