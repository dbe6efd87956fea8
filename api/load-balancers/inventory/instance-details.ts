import { fulfilledWithin, withinDeadline } from '../../async/deadlines.ts';
import type { AwsTrace } from '../../telemetry/aws-trace.ts';
import type { Logger } from '../../telemetry/logger.ts';
import type { Clock } from '../../clock.ts';
import { type InstanceId, type MachineInfo, type Members, undescribed } from '../instance.ts';
import type { LoadBalancerGateway } from '../load-balancer-gateway.ts';
import { InstanceCache } from './instance-cache.ts';
import type { RegionCache } from './region-cache.ts';

const maxAgeMs = 60_000;
const unknownMaxAgeMs = 10_000;
const probeEveryMs = 1000;
/** The number of instances in the call for which a first read waits. EC2 takes longer for more instances. */
const firstCallSize = 50;

export interface InstanceDetailsOptions {
  /** How long expired descriptions are returned while EC2 calls fail, in milliseconds. */
  readonly maxStaleMs: number;
  /** The deadline for one call, in milliseconds. */
  readonly deadlineMs: number;
  readonly clock: Clock;
}

/** Provides the EC2 descriptions of members, and decides which descriptions each call renews. */
export class InstanceDetails {
  readonly #region: RegionCache;
  readonly #maxStaleMs: number;
  readonly #clock: Clock;
  readonly #cache: InstanceCache;

  constructor(
    gateway: LoadBalancerGateway,
    region: RegionCache,
    logger: Logger,
    { maxStaleMs, deadlineMs, clock }: InstanceDetailsOptions,
  ) {
    this.#region = region;
    this.#maxStaleMs = maxStaleMs;
    this.#clock = clock;
    this.#cache = new InstanceCache(gateway, logger, { maxAgeMs, unknownMaxAgeMs, deadlineMs, clock });
  }

  /**
   * Resolves when descriptions from `since` or later are cached. If older descriptions may be returned, waits for a
   * refresh only until `waitUntil`. Throws the errors of the gateway.
   */
  async require(members: Members, since: number, waitUntil: number, trace: AwsTrace): Promise<void> {
    const now = this.#clock.now();
    const wanted: InstanceId[] = [];
    let servable = since === -Infinity;
    for (const id of members) {
      const entry = this.#cache.get(id);
      if (entry === undefined || entry.asOf < since || entry.freshUntil <= now) wanted.push(id);
      if (entry === undefined || now - entry.freshUntil > this.#maxStaleMs) servable = false;
    }
    if (wanted.length === 0) return;
    const { outage, lastCallAt, busy } = this.#cache;
    if (!servable) {
      const options = { companions: this.#undescribedMembers(), most: firstCallSize };
      const load = this.#cache.load(wanted, since, trace, options);
      await withinDeadline(load, 'the instances', trace);
    } else if (outage.error === undefined || now - lastCallAt >= probeEveryMs) {
      const load = this.#cache.load(wanted, since, trace, { companions: this.#expiredInUse(now) });
      // If thousands of descriptions expire at the same time, their renewal takes seconds.
      const waitMs = busy ? 0 : waitUntil - this.#clock.now();
      await fulfilledWithin(trace.time.during(load), waitMs, this.#clock);
    }
  }

  /**
   * Returns the members with their descriptions, and the time until which all of these descriptions are fresh. Returns
   * the array `before` if its content has not changed.
   */
  of(
    members: Members,
    before: readonly MachineInfo[] | undefined,
  ): { instances: readonly MachineInfo[]; freshUntil: number } {
    const entries = members.map((id) => this.#cache.get(id));
    const instances = members.map((id, index) => entries[index]?.instance ?? undescribed(id));
    const unchanged =
      before?.length === instances.length && before.every((one, index) => one === instances[index]);
    return {
      instances: unchanged ? before : instances,
      freshUntil: Math.min(...entries.map((entry) => entry?.freshUntil ?? -Infinity)),
    };
  }

  /** Returns the cached description, regardless of its age. */
  get(instanceId: InstanceId): MachineInfo | undefined {
    return this.#cache.get(instanceId)?.instance;
  }

  /**
   * Resolves when the cache contains responses to calls that were sent at `since` or later. Throws the errors of the
   * gateway.
   */
  async since(instanceIds: Members, since: number, trace: AwsTrace): Promise<void> {
    const wanted = instanceIds.filter((id) => (this.#cache.get(id)?.asOf ?? -Infinity) < since);
    if (wanted.length > 0)
      await withinDeadline(this.#cache.load(wanted, since, trace), 'the instances', trace);
  }

  /**
   * Returns descriptions in the order of the ids, from calls that are sent after this call. Throws the errors of the
   * gateway.
   */
  async eachNow(instanceIds: Members, trace: AwsTrace): Promise<MachineInfo[]> {
    await this.since(instanceIds, this.#clock.now(), trace);
    return instanceIds.map((id) => this.get(id) ?? undescribed(id));
  }

  /** Queues low-priority lookups of the members in the region that are not cached. */
  fill(): void {
    this.#cache.fill(this.#region.everyMember());
  }

  /**
   * Yields the members of recently read load balancers whose descriptions have expired. One call can renew 200
   * descriptions.
   */
  *#expiredInUse(now: number): Generator<InstanceId> {
    for (const id of this.#region.membersReadSince(now - maxAgeMs)) {
      const entry = this.#cache.get(id);
      if (entry !== undefined && entry.freshUntil <= now) yield id;
    }
  }

  *#undescribedMembers(): Generator<InstanceId> {
    for (const id of this.#region.everyMember()) if (this.#cache.get(id) === undefined) yield id;
  }
}
