import { headStartMs } from '../../async/deadlines.ts';
import type { AwsTrace } from '../../telemetry/aws-trace.ts';
import type { Logger } from '../../telemetry/logger.ts';
import type { Clock } from '../../clock.ts';
import type { ElbName, Members } from '../instance.ts';
import type { LoadBalancerTraits } from '../load-balancer.ts';
import type { LoadBalancerGateway } from '../load-balancer-gateway.ts';
import { CachePolicy, type CachePolicyOptions, type Freshness, refreshWaitMs } from './cache-policy.ts';
import { InstanceDetails } from './instance-details.ts';
import { InstanceLists } from './instance-lists.ts';
import type { InstanceList, LoadBalancerList } from './lists.ts';
import { MemberReader } from './member-reader.ts';
import { type Change, needsRead } from './membership.ts';
import { RegionCache } from './region-cache.ts';
import { RegionRefresher } from './region-refresher.ts';

export interface InventoryOptions extends CachePolicyOptions {
  readonly region: string;
  /** The deadline for one request, in milliseconds. */
  readonly deadlineMs: number;
  /** The deadline for a refresh while cached lists can be returned, in milliseconds. */
  readonly refreshDeadlineMs: number;
}

/** The cached load balancers in the region. They are refreshed from AWS as their readers require. */
export class Inventory {
  readonly details: InstanceDetails;
  readonly #clock: Clock;
  readonly #maxAgeMs: number;
  readonly #cache = new RegionCache();
  readonly #refresher: RegionRefresher;
  readonly #policy: CachePolicy;
  readonly #members: MemberReader;
  readonly #lists: InstanceLists;
  /** The number of returned lists for each value of `how`. */
  readonly reads: Record<InstanceList['how'], number> = {
    ...{ hit: 0, stale: 0, 'miss-unknown': 0, 'miss-expired': 0, 'miss-on-request': 0 },
  };

  constructor(gateway: LoadBalancerGateway, logger: Logger, options: InventoryOptions) {
    const { maxAgeMs, refreshDeadlineMs, clock } = options;
    this.#clock = clock;
    this.#maxAgeMs = maxAgeMs;
    const cache = this.#cache;
    const shared = { ...options, deadlineMs: options.deadlineMs - headStartMs };
    this.details = new InstanceDetails(gateway, cache, logger, shared);
    this.#lists = new InstanceLists(cache, this.details);
    const refresher = new RegionRefresher(
      gateway,
      cache,
      logger,
      { ...shared, firstDeadlineMs: shared.deadlineMs, deadlineMs: refreshDeadlineMs },
      () => {
        this.#lists.prune();
        // The delay allows waiting reads to look up the instances of their own load balancer first.
        setImmediate(() => {
          this.details.fill();
        });
      },
    );
    this.#refresher = refresher;
    this.#policy = new CachePolicy(cache, refresher, options);
    this.#members = new MemberReader({ ...shared, gateway, cache, refresher });
  }

  /**
   * Returns the list, or undefined if it is not cached or not fresh at `now`. Does not call AWS. Returns the same
   * object until the list or its age changes.
   */
  ready(elbName: ElbName, now: number): InstanceList | undefined {
    const membership = this.#cache.get(elbName);
    if (membership === undefined || needsRead(membership)) return undefined;
    const freshUntil = membership.asOf + this.#maxAgeMs;
    const list = now < freshUntil ? this.#lists.hit(elbName, membership, freshUntil, now) : undefined;
    if (list === undefined) return undefined;
    this.#cache.noteRead(elbName, now);
    this.#refresher.refreshAhead(membership.asOf, now);
    this.reads.hit += 1;
    return list;
  }

  /**
   * Returns the members in the order from AWS. While AWS calls fail, returns an older list if `freshness` allows it.
   * Throws `elb_not_found`, and the errors of the gateway.
   */
  async list(elbName: ElbName, freshness: Freshness, trace: AwsTrace): Promise<InstanceList> {
    const now = this.#clock.now();
    const how = await this.#policy.refresh(elbName, freshness, now, trace);
    const { members, asOf } = this.#members.cached(elbName);
    this.#cache.noteRead(elbName, now);
    const since = freshness.noCache === true ? now : -Infinity;
    await this.details.require(members, since, now + refreshWaitMs, trace);
    return this.#aged(this.#lists.describe(elbName, members), asOf, how);
  }

  /**
   * Returns the load balancers in the region, sorted by name and as fresh as `list`. Throws the errors of the gateway.
   */
  async loadBalancers(freshness: Freshness, trace: AwsTrace): Promise<LoadBalancerList> {
    const how = await this.#policy.refresh(undefined, freshness, this.#clock.now(), trace);
    return this.#aged(this.#cache.loadBalancers(), this.#cache.regionAsOf, how);
  }

  /** Returns the ids of the members, as fresh as `list`. Throws the same errors as `list`. */
  async members(elbName: ElbName, trace: AwsTrace, maxAgeMs = Infinity): Promise<Members> {
    await this.#policy.refresh(elbName, { maxAgeMs }, this.#clock.now(), trace);
    return this.#members.cached(elbName).members;
  }

  /** Returns the cached traits, regardless of their age, or undefined if there are none. */
  traits(elbName: ElbName): LoadBalancerTraits | undefined {
    return this.#cache.traits(elbName);
  }

  /**
   * The number of cached load balancers, and the time at which the call that listed them was sent; before the first
   * call, this time is -Infinity.
   */
  get picture(): { loadBalancers: number; asOf: number } {
    return { loadBalancers: this.#cache.size, asOf: this.#cache.regionAsOf };
  }

  /**
   * Returns the time at which this process last changed the load balancer or may have changed it; -Infinity if it never
   * did.
   */
  changedAt(elbName: ElbName): number {
    return this.#cache.get(elbName)?.changedAt ?? -Infinity;
  }

  /**
   * Returns the members from a new call. Ordinary checks, for example in dry runs, share reads of the region. Throws
   * `elb_not_found`, and the errors of the gateway.
   */
  async membersNow(
    elbName: ElbName,
    trace: AwsTrace,
    urgency: 'urgent' | 'ordinary' = 'urgent',
  ): Promise<Members> {
    const now = this.#clock.now();
    await this.requireKnown(elbName, trace);
    if (urgency === 'ordinary') await this.#policy.refresh(elbName, { noCache: true }, now, trace);
    if (this.#members.cached(elbName).asOf < now) await this.#members.readNow(elbName, trace);
    return this.#members.cached(elbName).members;
  }

  /** Resolves if the load balancer exists. Throws `elb_not_found`, and the errors of the gateway. */
  requireKnown(elbName: ElbName, trace: AwsTrace): Promise<void> {
    return this.#members.requireKnown(elbName, trace);
  }

  /**
   * Makes a change and adds it to the cache. `make` calls AWS and returns the members in the response, or undefined if
   * the response was lost. If these members contradict the change, the region is read again. Throws the errors of
   * `make`.
   */
  async changing<T extends Members | undefined>(
    elbName: ElbName,
    change: Change,
    make: () => Promise<T>,
  ): Promise<T> {
    const end = this.#cache.changing(elbName, change, this.#clock.now());
    let answer: Parameters<typeof end>[0];
    try {
      const listed = await make();
      answer = { listed, at: this.#clock.now() };
      return listed;
    } finally {
      if (!end(answer)) this.#refresher.refresh();
    }
  }

  /**
   * Records that the outcome of a change is unknown. The cached list is then no longer fresh, and the next read calls
   * AWS.
   */
  doubt(elbName: ElbName): void {
    this.#cache.doubt(elbName, this.#clock.now());
    this.#refresher.refresh();
  }

  close(): void {
    this.#refresher.close();
  }

  #aged<T>(list: T, asOf: number, how: InstanceList['how']) {
    this.reads[how] += 1;
    return { ...list, asOf, freshUntil: asOf + this.#maxAgeMs, how };
  }
}
