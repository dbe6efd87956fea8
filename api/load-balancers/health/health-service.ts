import type { AwsTrace } from '../../telemetry/aws-trace.ts';
import type { Clock } from '../../clock.ts';
import { type HealthEntry, type MemberHealth, untold } from '../member-health.ts';
import type { HealthReader } from './health-reader.ts';
import type { Freshness, Inventory } from '../inventory/inventory.ts';
import type { ElbName } from '../instance.ts';
import { fulfilledWithin } from '../../async/deadlines.ts';
import type { InstanceList } from '../inventory/region-cache.ts';
import type { RecentChanges } from './recent-changes.ts';
import { explainHealth } from './explain-health.ts';

/** How long a reading of health is good, in milliseconds. */
const maxAgeMs = 1000;
/** What the answer waits for EC2, whose facts it can do without, in milliseconds. */
const patienceMs = 2000;

/** The members of a load balancer with their health, and what there is to say of its age, as in `InstanceList`. */
export interface HealthList extends Pick<InstanceList, 'asOf' | 'freshUntil' | 'how'> {
  readonly entries: readonly HealthEntry[];
}

/** Tells how the members of load balancers are, and why. */
export class HealthService {
  readonly #reads: HealthReader;
  readonly #inventory: Inventory;
  readonly #changes: RecentChanges;
  readonly #clock: Clock;

  constructor(reads: HealthReader, inventory: Inventory, changes: RecentChanges, clock: Clock) {
    this.#clock = clock;
    this.#reads = reads;
    this.#inventory = inventory;
    this.#changes = changes;
  }

  /**
   * Returns every member in AWS's order, and then those that drain. The membership is as fresh as a list's, the health
   * at most a second old, or as the caller asks. Throws `elb_not_found`, and what the gateway throws.
   */
  async list(elbName: ElbName, freshness: Freshness, trace: AwsTrace): Promise<HealthList> {
    const now = this.#clock.now();
    const oldest = freshness.noCache === true ? 0 : Math.min(maxAgeMs, freshness.maxAgeMs ?? maxAgeMs);
    const [members, { health, asOf }] = await Promise.all([
      this.#inventory.members(elbName, trace),
      this.#reads.all(elbName, now - oldest, 'ordinary', trace),
    ]);
    const told = new Set(health.map(({ instanceId }) => instanceId));
    const all = [...health, ...members.filter((id) => !told.has(id)).map(untold)];
    const entries = await this.explain(elbName, all, now - oldest, trace);
    const demanded = freshness.noCache === true || freshness.maxAgeMs !== undefined;
    const how = asOf < now ? 'hit' : demanded ? 'asked-on-request' : 'asked-expired';
    return { entries, asOf, freshUntil: asOf + maxAgeMs, how };
  }

  /**
   * Returns what there is to say of members whose health AWS told. What EC2 adds is from `since` or later where it
   * matters; that and what AWS's attributes add may be missing.
   */
  async explain(
    elbName: ElbName,
    health: readonly MemberHealth[],
    since: number,
    trace: AwsTrace,
  ): Promise<HealthEntry[]> {
    const drains = health.some(({ condition }) => condition === 'draining');
    const [drainingSeconds] = await Promise.all([
      drains ? this.#reads.drainingTimeouts.of(elbName, trace) : undefined,
      this.#describe(health, since, trace),
    ]);
    const now = this.#clock.now();
    const traits = this.#inventory.traits(elbName);
    return health.map((one) =>
      explainHealth(one, {
        elbName,
        traits,
        instance: this.#inventory.descriptions.get(one.instanceId),
        change: this.#changes.get(elbName, one.instanceId),
        drainingSeconds,
        now,
        epochMs: this.#clock.epochMs(),
      }),
    );
  }

  /** Has EC2 tell of those whose state matters: of those out of service what is true now, of the others anything. */
  async #describe(health: readonly MemberHealth[], since: number, trace: AwsTrace): Promise<void> {
    const wanted = health.filter(({ instanceId, state }) => {
      const known = this.#inventory.descriptions.get(instanceId);
      return state !== 'InService' || known === undefined || (known.state ?? 'running') !== 'running';
    });
    if (wanted.length === 0) return;
    const ids = wanted.map(({ instanceId }) => instanceId);
    await fulfilledWithin(this.#inventory.descriptions.since(ids, since, trace), patienceMs, this.#clock);
  }
}
