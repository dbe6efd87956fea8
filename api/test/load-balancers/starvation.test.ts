import assert from 'node:assert/strict';
import { CallBudget } from '../../aws/call-budget.ts';
import { HealthService } from '../../load-balancers/health/health-service.ts';
import { HealthReader } from '../../load-balancers/health/health-reader.ts';
import { elbNotFound } from '../../load-balancers/failures.ts';
import { Inventory } from '../../load-balancers/inventory/inventory.ts';
import type { Urgency } from '../../load-balancers/load-balancer-gateway.ts';
import { KeyedLock } from '../../async/keyed-lock.ts';
import { LastInServiceGuard } from '../../load-balancers/changes/last-in-service-guard.ts';
import type { ElbName, Members } from '../../load-balancers/instance.ts';
import { MembershipChanges } from '../../load-balancers/changes/membership-changes.ts';
import { RecentChanges } from '../../load-balancers/health/recent-changes.ts';
import { type AwsTrace, startTrace } from '../../telemetry/aws-trace.ts';
import {
  descriptionsOf,
  elb,
  id,
  instanceOf,
  recordingLogger,
  ScriptedGateway,
} from '../support/scripted-gateway.ts';
import { VirtualClock } from '../support/virtual-clock.ts';

const [web, shop] = [elb('web'), elb('shop')];
const [attacksPerSecond, seconds, deadlineMs] = [12, 20, 8000];
/** The maximum duration of a read, in milliseconds: the time for a few calls at 5 calls per second. */
const inTimeMs = 3000;

/** A gateway with a latency of 40 ms per call and the default call budgets. */
class BudgetedAws extends ScriptedGateway {
  readonly #clock: VirtualClock;
  readonly #elb: CallBudget;
  readonly #ec2: CallBudget;

  constructor(clock: VirtualClock) {
    super();
    this.#clock = clock;
    this.#elb = new CallBudget({ name: 'load balancer reads', perSecond: 5, reserve: 2, clock });
    this.#ec2 = new CallBudget({ name: 'instance reads', perSecond: 10, clock });
    for (const name of [web, shop]) this.region.set(name, [id(1), id(2)]);
  }

  override async describeRegion(trace: AwsTrace) {
    await this.#call(this.#elb, 'ordinary', trace);
    return descriptionsOf(this.region);
  }

  override async describeLoadBalancer(elbName: ElbName, trace: AwsTrace) {
    await this.#call(this.#elb, 'urgent', trace);
    return descriptionsOf([[elbName, this.#members(elbName)]]).get(elbName)!;
  }

  override async describeInstances(instanceIds: Members, trace: AwsTrace) {
    await this.#call(this.#ec2, 'ordinary', trace);
    return new Map(instanceIds.flatMap((one) => (one < id(100) ? [[one, instanceOf(one)]] : [])));
  }

  override async describeHealth(elbName: ElbName, _ids: unknown, urgency: Urgency, trace: AwsTrace) {
    await this.#call(this.#elb, urgency, trace);
    return this.#members(elbName).map((instanceId) => ({
      instanceId,
      state: 'InService' as const,
      reasonCode: 'N/A' as const,
      description: 'N/A',
      condition: 'in-service' as const,
    }));
  }

  #members(elbName: ElbName): Members {
    const members = this.region.get(elbName);
    if (members === undefined) throw elbNotFound(elbName, 'us-east-1');
    return members;
  }

  async #call(budget: CallBudget, urgency: Urgency, trace: AwsTrace): Promise<void> {
    await budget.take(trace, { urgency, repeated: false });
    trace.sent?.();
    await this.#clock.sleep(40);
  }
}

function startDomain() {
  const clock = new VirtualClock();
  const gateway = new BudgetedAws(clock);
  const { logger } = recordingLogger();
  const options = {
    region: 'us-east-1',
    maxAgeMs: 2000,
    maxStaleMs: 60_000,
    deadlineMs,
    refreshDeadlineMs: 5000,
  };
  const inventory = new Inventory(gateway, logger, { ...options, clock });
  const changes = new RecentChanges(clock);
  const health = new HealthReader(gateway, changes, inventory, deadlineMs, clock);
  const lastInService = new LastInServiceGuard(health, changes, true, clock);
  const parts = {
    gateway,
    inventory,
    recentChanges: changes,
    health,
    lastInService,
    locks: new KeyedLock(),
    logger,
    clock,
  };
  const membership = new MembershipChanges(parts);
  const board = new HealthService(health, inventory, changes, clock);
  const trace = () => startTrace(clock, deadlineMs);
  return { clock, gateway, inventory, health, membership, board, trace };
}

type Domain = ReturnType<typeof startDomain>;
const none = (n: number) => elb(`none-${n}`);

const attacks: Record<string, (domain: Domain, n: number) => Promise<unknown>> = {
  'dry runs against names that do not exist': ({ membership, trace }, n) =>
    membership.attach(none(n), [id(1)], trace(), { dryRun: true }),
  'dry runs against a load balancer that exists': ({ membership, trace }) =>
    membership.detach(web, [id(1)], trace(), { dryRun: true }),
  'changes of names that do not exist': ({ membership, trace }, n) =>
    membership.detach(none(n), [id(1)], trace()),
  'changes that name unknown instances': ({ membership, trace }, n) =>
    membership.attach(web, [id(1000 + n)], trace()),
  'no-cache reads': ({ inventory, trace }) => inventory.list(web, { maxAgeMs: 0, noCache: true }, trace()),
  'no-cache reads of health': ({ board, trace }) => board.list(web, { maxAgeMs: 0, noCache: true }, trace()),
  'health of names that do not exist': ({ board, trace }, n) => board.list(none(n), {}, trace()),
  'the reads of waits': ({ health, trace }) => health.readSome(web, [id(1)], trace()),
};

describe('A caller with many requests per second does not starve others', () => {
  for (const [what, attack] of Object.entries(attacks))
    it(`with ${what}`, async () => {
      const domain = startDomain();
      const { clock, inventory, board, trace } = domain;
      await clock.run(inventory.list(shop, {}, trace()));
      const end = seconds * 1000;
      const attacker = async () => {
        for (let n = 0; clock.now() < end; n++) {
          attack(domain, n).catch(() => undefined);
          await clock.sleep(1000 / attacksPerSecond);
        }
      };
      const slowest = { health: 0, 'no-cache': 0, age: 0 };
      const repeat = async (everyMs: number, task: () => Promise<unknown>, kind?: 'health' | 'no-cache') => {
        for (let n = 0; clock.now() < end; n++) {
          const began = clock.now();
          await task();
          if (kind !== undefined) slowest[kind] = Math.max(slowest[kind], clock.now() - began);
          await clock.sleep(everyMs);
        }
      };
      await clock.run(
        Promise.all([
          attacker(),
          repeat(2000, () => board.list(shop, {}, trace()), 'health'),
          repeat(3000, () => inventory.list(shop, { maxAgeMs: 0, noCache: true }, trace()), 'no-cache'),
          repeat(300, async () => {
            const { asOf } = await inventory.list(shop, {}, trace());
            slowest.age = Math.max(slowest.age, clock.now() - asOf);
          }),
        ]),
      );
      inventory.close();
      assert.ok(slowest.health < inTimeMs, `health took ${slowest.health} ms`);
      assert.ok(slowest['no-cache'] < inTimeMs, `no-cache took ${slowest['no-cache']} ms`);
      assert.ok(slowest.age < 3000, `a list was ${slowest.age} ms old`);
    });
});
