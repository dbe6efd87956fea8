import { fulfilledWithin } from '../../async/deadlines.ts';
import type { AwsTrace } from '../../telemetry/aws-trace.ts';
import type { Clock } from '../../clock.ts';
import type { ElbName } from '../instance.ts';
import type { Freshness } from '../inventory/cache-policy.ts';
import type { Inventory } from '../inventory/inventory.ts';
import type { InstanceList } from '../inventory/lists.ts';
import { type HealthEntry, type MemberHealth, unreported } from '../member-health.ts';
import { explainHealth } from './explain-health.ts';
import type { HealthReader } from './health-reader.ts';
import type { RecentChanges } from './recent-changes.ts';

const maxAgeMs = 1000;
/** How long a response waits for the EC2 descriptions, in milliseconds. They are optional in the response. */
const detailsWaitMs = 2000;

/** The members of a load balancer with their health, and the age of the health data. */
export interface HealthList extends Pick<InstanceList, 'asOf' | 'freshUntil' | 'how'> {
  readonly entries: readonly HealthEntry[];
}

/** Lists the members of a load balancer with their health and its explanation. */
export class HealthService {
  readonly #reader: HealthReader;
  readonly #inventory: Inventory;
  readonly #changes: RecentChanges;
  readonly #clock: Clock;

  constructor(reader: HealthReader, inventory: Inventory, changes: RecentChanges, clock: Clock) {
    this.#clock = clock;
    this.#reader = reader;
    this.#inventory = inventory;
    this.#changes = changes;
  }

  /**
   * Returns every member in the order from AWS, and the instances that are draining. The members are as fresh as those
   * in a list. The health is at most one second old, or as fresh as `freshness` requires. Throws `elb_not_found`, and
   * the errors of the gateway.
   */
  async list(elbName: ElbName, freshness: Freshness, trace: AwsTrace): Promise<HealthList> {
    const now = this.#clock.now();
    const oldest = freshness.noCache === true ? 0 : Math.min(maxAgeMs, freshness.maxAgeMs ?? maxAgeMs);
    const [members, { health, asOf }] = await Promise.all([
      this.#inventory.members(elbName, trace),
      this.#reader.readAll(elbName, now - oldest, 'ordinary', trace),
    ]);
    const reported = new Set(health.map(({ instanceId }) => instanceId));
    const all = [...health, ...members.filter((id) => !reported.has(id)).map(unreported)];
    const entries = await this.explain(elbName, all, now - oldest, trace);
    const demanded = freshness.noCache === true || freshness.maxAgeMs !== undefined;
    const how = asOf < now ? 'hit' : demanded ? 'miss-on-request' : 'miss-expired';
    return { entries, asOf, freshUntil: asOf + maxAgeMs, how };
  }

  /** Returns the health and an explanation, with EC2 data from `since` or later if EC2 returns the data in time. */
  async explain(
    elbName: ElbName,
    health: readonly MemberHealth[],
    since: number,
    trace: AwsTrace,
  ): Promise<HealthEntry[]> {
    const drains = health.some(({ condition }) => condition === 'draining');
    const [drainingSeconds] = await Promise.all([
      drains ? this.#reader.drainingTimeouts.of(elbName, trace) : undefined,
      this.#describe(health, since, trace),
    ]);
    const context = {
      elbName,
      traits: this.#inventory.traits(elbName),
      drainingSeconds,
      now: this.#clock.now(),
      epochMs: this.#clock.epochMs(),
    };
    return health.map((one) => {
      const instance = this.#inventory.details.get(one.instanceId);
      const change = this.#changes.get(elbName, one.instanceId);
      return explainHealth(one, { ...context, instance, change });
    });
  }

  /** Reads the EC2 descriptions of instances that are out of service, have no description yet, or are not running. */
  async #describe(health: readonly MemberHealth[], since: number, trace: AwsTrace): Promise<void> {
    const { details } = this.#inventory;
    const wanted = health.filter(({ instanceId, state }) => {
      const known = details.get(instanceId);
      return state !== 'InService' || known === undefined || (known.state ?? 'running') !== 'running';
    });
    if (wanted.length === 0) return;
    const ids = wanted.map(({ instanceId }) => instanceId);
    await fulfilledWithin(details.since(ids, since, trace), detailsWaitMs, this.#clock);
  }
}
