import assert from 'node:assert/strict';
import type { MemberHealth } from '../../load-balancers/member-health.ts';
import { HealthService } from '../../load-balancers/health/health-service.ts';
import { HealthReader } from '../../load-balancers/health/health-reader.ts';
import { Inventory } from '../../load-balancers/inventory/inventory.ts';
import type { LoadBalancerDescription } from '../../load-balancers/load-balancer.ts';
import { KeyedLock } from '../../async/keyed-lock.ts';
import { LastInServiceGuard } from '../../load-balancers/changes/last-in-service-guard.ts';
import type { ElbName, InstanceId, MachineInfo, Members } from '../../load-balancers/instance.ts';
import { MembershipChanges } from '../../load-balancers/changes/membership-changes.ts';
import { only } from '../../load-balancers/changes/change-outcomes.ts';
import { RecentChanges } from '../../load-balancers/health/recent-changes.ts';
import { startTrace } from '../../telemetry/aws-trace.ts';
import { seededRandom } from '../support/random.ts';
import {
  descriptionsOf,
  elb,
  id,
  ids,
  instanceOf,
  recordingLogger,
  ScriptedGateway,
} from '../support/scripted-gateway.ts';
import { VirtualClock } from '../support/virtual-clock.ts';

const seed = 11;
const names = ['web', 'shop', 'blog'].map(elb);
/** 5,000 changes with `FULL_TESTS=1`; otherwise 1,000. */
const changes = process.env['FULL_TESTS'] === '1' ? 5000 : 1000;
const [callers, instancesOfCaller, longestDelayMs] = [20, 4, 250];

/** A gateway that delays requests and responses. A call takes effect when its request arrives. */
class DelayedAws extends ScriptedGateway {
  delayMs: () => number = () => 0;
  readonly #clock: VirtualClock;

  constructor(clock: VirtualClock) {
    super();
    this.#clock = clock;
    for (const name of names) this.region.set(name, [id(900), id(901)]);
  }

  async delayed<T>(atAws: () => T, sent?: () => void): Promise<T> {
    sent?.();
    await this.#clock.sleep(this.delayMs());
    const answer = atAws();
    await this.#clock.sleep(this.delayMs());
    return answer;
  }

  override describeRegion(trace: { sent?: () => void }) {
    this.regionCalls += 1;
    return this.delayed(() => descriptionsOf(this.region), trace.sent);
  }

  override describeLoadBalancer(elbName: ElbName, trace: { sent?: () => void }) {
    return this.delayed(() => this.#described(elbName), trace.sent);
  }

  override describeInstances(instanceIds: Members, trace: { sent?: () => void }) {
    return this.delayed(
      () => new Map<InstanceId, MachineInfo>(instanceIds.map((one) => [one, instanceOf(one)])),
      trace.sent,
    );
  }

  override describeHealth(elbName: ElbName, _ids: unknown, _urgency: unknown, trace: { sent?: () => void }) {
    return this.delayed(() => this.#described(elbName).members.map(inService), trace.sent);
  }

  override register(elbName: ElbName, added: Members = []) {
    return this.delayed(() => this.#set(elbName, [...new Set([...this.region.get(elbName)!, ...added])]));
  }

  override deregister(elbName: ElbName, removed: Members = []) {
    return this.delayed(() =>
      this.#set(
        elbName,
        this.region.get(elbName)!.filter((one) => !removed.includes(one)),
      ),
    );
  }

  #described(elbName: ElbName): LoadBalancerDescription {
    return descriptionsOf(this.region).get(elbName)!;
  }

  #set(elbName: ElbName, members: Members): Members {
    this.region.set(elbName, members);
    return members;
  }
}

function inService(instanceId: InstanceId): MemberHealth {
  return { instanceId, state: 'InService', reasonCode: 'N/A', description: 'N/A', condition: 'in-service' };
}

/** Returns the domain with a virtual clock, and each way to read the members of a load balancer. */
function startDomain() {
  const clock = new VirtualClock();
  const gateway = new DelayedAws(clock);
  const { logger } = recordingLogger();
  const [maxAgeMs, deadlineMs] = [2000, 8000];
  const options = { region: 'us-east-1', maxAgeMs, maxStaleMs: 60_000, deadlineMs, refreshDeadlineMs: 5000 };
  const inventory = new Inventory(gateway, logger, { ...options, clock });
  const recentChanges = new RecentChanges(clock);
  const health = new HealthReader(gateway, recentChanges, inventory, deadlineMs, clock);
  const lastInService = new LastInServiceGuard(health, recentChanges, false, clock);
  const parts = {
    gateway,
    inventory,
    recentChanges,
    health,
    lastInService,
    locks: new KeyedLock(),
    logger,
    clock,
  };
  const membership = new MembershipChanges(parts);
  const board = new HealthService(health, inventory, recentChanges, clock);
  const trace = () => startTrace(clock, deadlineMs);
  const idsOf = (instances: readonly { instanceId: InstanceId }[]) =>
    instances.map(({ instanceId }) => instanceId);
  const list = async (elbName: ElbName, freshness: object) =>
    idsOf((await inventory.list(elbName, freshness, trace())).instances);
  const reads: Record<string, (elbName: ElbName) => Promise<Members>> = {
    list: async (elbName) => {
      const ready = inventory.ready(elbName, clock.now());
      return ready === undefined ? list(elbName, {}) : idsOf(ready.instances);
    },
    'no-cache list': (elbName) => list(elbName, { maxAgeMs: 0, noCache: true }),
    'list of load balancers': async (elbName) => {
      const { loadBalancers } = await inventory.loadBalancers({}, trace());
      return loadBalancers.find((one) => one.elbName === elbName)!.members;
    },
    'list of health': async (elbName) => idsOf((await board.list(elbName, {}, trace())).entries),
    'check before a change': (elbName) => inventory.membersNow(elbName, trace()),
  };
  const attach = async (elbName: ElbName, instanceId: InstanceId) =>
    only(await membership.attach(elbName, [instanceId], trace()));
  const detach = async (elbName: ElbName, instanceId: InstanceId) =>
    only((await membership.detach(elbName, [instanceId], trace())).outcomes);
  return { clock, gateway, inventory, attach, detach, reads };
}

describe('A read after a change', () => {
  it('does not list a detached instance when the response to an earlier attach arrives later', async () => {
    const { clock, gateway, attach, detach, reads } = startDomain();
    await clock.run(reads['list']!(names[0]!));
    gateway.delayMs = () => 10;
    const attaching = attach(names[0]!, id(1));
    await clock.pass(35);
    // AWS has received the Register request; its response is delayed by 400 ms.
    gateway.delayMs = () => 400;
    await clock.pass(1);
    gateway.delayMs = () => 10;
    await clock.run(detach(names[0]!, id(900)));
    await clock.run(attaching);
    for (const [what, read] of Object.entries(reads))
      assert.deepEqual(await clock.run(read(names[0]!)), [id(901), id(1)], what);
  });

  it(`shows the change, in ${changes} changes by ${callers} callers with delayed requests and responses`, async function () {
    this.timeout(120_000);
    const { clock, gateway, inventory, attach, detach, reads } = startDomain();
    const random = seededRandom(seed);
    const oneOf = <T>(all: readonly T[]): T => all[Math.floor(random() * all.length)]!;
    gateway.delayMs = () => random() * longestDelayMs;
    /** The last completed change of each instance. Absent during a change. */
    const answered = new Map<string, { elbName: ElbName; instanceId: InstanceId; isMember: boolean }>();
    const faults: string[] = [];
    const checks = new Map<string, number>();
    let made = 0;

    const check = async (elbName: ElbName) => {
      const before = [...answered].filter(([, one]) => one.elbName === elbName);
      const what = oneOf(Object.keys(reads));
      const members = new Set(await reads[what]!(elbName));
      for (const [key, one] of before) {
        if (answered.get(key) !== one) continue;
        checks.set(what, (checks.get(what) ?? 0) + 1);
        if (members.has(one.instanceId) !== one.isMember)
          faults.push(
            `${what}: ${key} is ${one.isMember ? 'missing' : 'listed'} after its change was answered`,
          );
      }
    };
    const caller = async (n: number) => {
      const own = ids(instancesOfCaller, n * instancesOfCaller);
      while (made < changes) {
        made += 1;
        const [elbName, instanceId] = [oneOf(names), oneOf(own)];
        const key = `${elbName}/${instanceId}`;
        const isMember = answered.get(key)?.isMember !== true;
        answered.delete(key);
        await (isMember ? attach(elbName, instanceId) : detach(elbName, instanceId));
        answered.set(key, { elbName, instanceId, isMember });
        await check(elbName);
        if (random() < 0.2) {
          await clock.sleep(random() * 2000);
          await check(elbName);
        }
      }
    };
    await clock.run(check(names[0]!));
    await clock.run(Promise.all(Array.from({ length: callers }, (_, n) => caller(n))));
    inventory.close();
    assert.deepEqual(faults.slice(0, 5), [], `${faults.length} faults, seed ${seed}`);
    for (const what of Object.keys(reads)) assert.ok(checks.get(what)! > changes, what);
  });
});
