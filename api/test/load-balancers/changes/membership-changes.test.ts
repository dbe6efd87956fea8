import assert from 'node:assert/strict';
import type { Locks } from '../../../async/keyed-lock.ts';
import { LastInServiceGuard } from '../../../load-balancers/changes/last-in-service-guard.ts';
import { MembershipChanges } from '../../../load-balancers/changes/membership-changes.ts';
import { HealthReader } from '../../../load-balancers/health/health-reader.ts';
import { RecentChanges } from '../../../load-balancers/health/recent-changes.ts';
import { Inventory } from '../../../load-balancers/inventory/inventory.ts';
import { startTrace } from '../../../telemetry/aws-trace.ts';
import { elb, id, ids, recordingLogger, ScriptedGateway } from '../../support/scripted-gateway.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';

const [web, shop] = [elb('web'), elb('shop')];

describe('MembershipChanges', () => {
  const clock = new VirtualClock();
  const trace = () => startTrace(clock, 8000);
  let locked: (readonly string[])[];
  let changes: MembershipChanges;
  beforeEach(() => {
    locked = [];
    const locks: Locks = {
      runAll: (keys, task) => {
        locked.push(keys);
        return task();
      },
    };
    const gateway = new ScriptedGateway();
    for (const elbName of [web, shop]) gateway.region.set(elbName, ids(3));
    const { logger } = recordingLogger();
    const options = { region: 'us-east-1', maxAgeMs: 2000, maxStaleMs: 60_000, deadlineMs: 8000 };
    const inventory = new Inventory(gateway, logger, { ...options, refreshDeadlineMs: 5000, clock });
    const recentChanges = new RecentChanges(clock);
    const health = new HealthReader(gateway, recentChanges, inventory, 8000, clock);
    const lastInService = new LastInServiceGuard(health, recentChanges, ['web'], clock);
    const parts = { gateway, inventory, recentChanges, health, lastInService, logger, clock };
    changes = new MembershipChanges({ ...parts, locks });
  });

  it('locks the instances of a change', async () => {
    await clock.run(changes.attach(web, [id(7), id(8)], trace()));
    await clock.run(changes.detach(shop, [id(1)], trace()));
    assert.deepEqual(locked, [[`web/${id(7)}`, `web/${id(8)}`], [`shop/${id(1)}`]]);
  });

  it('also locks the load balancer of a change with If-Match', async () => {
    await clock.run(changes.attach(web, [id(7)], trace(), { ifMatch: () => true }));
    assert.deepEqual(locked, [['web', `web/${id(7)}`]]);
  });

  it('also locks the members in service of a protected load balancer during a detach that is not forced', async () => {
    await clock.run(changes.detach(web, [id(1)], trace()));
    await clock.run(changes.detach(web, [id(2)], trace(), { force: true }));
    assert.deepEqual(locked, [[`web/${id(1)}`, 'web/in-service'], [`web/${id(2)}`]]);
  });
});
