import type { AwsTrace } from '../../telemetry/aws-trace.ts';
import type { Logger } from '../../telemetry/logger.ts';
import type { Clock } from '../../clock.ts';
import type { LoadBalancerGateway } from '../load-balancer-gateway.ts';
import { type InstanceId, type MachineInfo, undescribed, type Members } from '../instance.ts';
import { type CachedInstance, InstanceCache } from './instance-cache.ts';
import { fulfilledWithin, withinDeadline } from '../../async/deadlines.ts';
import type { RegionCache } from './region-cache.ts';

const maxAgeMs = 60_000;
const unknownMaxAgeMs = 10_000;
const probeEveryMs = 1000;
/** Instances in a call that a first read waits for; more would make it wait longer. */
const mostOfFirstCall = 50;

export interface InstanceDetailsOptions {
  /** How long after their time descriptions are served because EC2 fails, in milliseconds. */
  readonly maxStaleMs: number;
  /** What one call may take in all, in milliseconds. */
  readonly deadlineMs: number;
  readonly clock: Clock;
}

/** The descriptions of members: which to ask EC2 for, when, and together with which others. */
export class InstanceDetails {
  readonly #picture: RegionCache;
  readonly #maxStaleMs: number;
  readonly #clock: Clock;
  readonly #instances: InstanceCache;

  constructor(
    gateway: LoadBalancerGateway,
    picture: RegionCache,
    logger: Logger,
    { maxStaleMs, deadlineMs, clock }: InstanceDetailsOptions,
  ) {
    this.#picture = picture;
    this.#maxStaleMs = maxStaleMs;
    this.#clock = clock;
    this.#instances = new InstanceCache(gateway, logger, { maxAgeMs, unknownMaxAgeMs, deadlineMs, clock });
  }

  /** Has the directory hold descriptions from `since` or later, or at least ones that may be served. */
  async have(members: Members, since: number, patienceUntil: number, trace: AwsTrace): Promise<void> {
    const now = this.#clock.now();
    const entries = members.map((id) => this.#instances.get(id));
    if (entries.every((entry) => entry !== undefined && entry.asOf >= since && entry.goodUntil > now)) return;
    const servable =
      since === -Infinity && entries.every((entry) => entry !== undefined && this.#mayStillBeServed(entry));
    const { outage, askedAt } = this.#instances;
    if (servable && outage.error !== undefined && now - askedAt < probeEveryMs) return;
    const wanted = members.filter((_id, index) => {
      const entry = entries[index];
      return entry === undefined || entry.asOf < since || entry.goodUntil <= now;
    });
    const { busy } = this.#instances;
    const load = this.#instances.load(
      wanted,
      since,
      trace,
      servable
        ? { companions: this.#expiredOfThoseRead(now) }
        : { companions: this.#undescribedMembers(), most: mostOfFirstCall },
    );
    if (!servable) await withinDeadline(load, 'the instances', trace);
    // When thousands expire together, EC2 is asked for seconds on end, and nobody needs to wait for that.
    else
      await fulfilledWithin(
        trace.time.during(load),
        busy ? 0 : patienceUntil - this.#clock.now(),
        this.#clock,
      );
  }

  /**
   * Returns the members with their descriptions, and until when all of these are good. The array is `before` where that
   * holds the same.
   */
  of(
    members: Members,
    before: readonly MachineInfo[] | undefined,
  ): { instances: readonly MachineInfo[]; goodUntil: number } {
    const entries = members.map((id) => this.#instances.get(id));
    const instances = members.map((id, index) => entries[index]?.instance ?? undescribed(id));
    const unchanged =
      before?.length === instances.length && before.every((instance, index) => instance === instances[index]);
    return {
      instances: unchanged ? before : instances,
      goodUntil: Math.min(...entries.map((entry) => entry?.goodUntil ?? -Infinity)),
    };
  }

  /** Returns what is remembered of an instance, however old. */
  get(instanceId: InstanceId): MachineInfo | undefined {
    return this.#instances.get(instanceId)?.instance;
  }

  /** Resolves once EC2 has told of these instances in calls that left at `since` or later. Throws what the gateway throws. */
  async since(instanceIds: Members, since: number, trace: AwsTrace): Promise<void> {
    const wanted = instanceIds.filter((id) => (this.#instances.get(id)?.asOf ?? -Infinity) < since);
    if (wanted.length > 0)
      await withinDeadline(this.#instances.load(wanted, since, trace), 'the instances', trace);
  }

  /** Returns what EC2 tells of members from now on, which may be nothing, in their order. */
  async eachNow(instanceIds: Members, trace: AwsTrace): Promise<MachineInfo[]> {
    await this.since(instanceIds, this.#clock.now(), trace);
    return instanceIds.map((id) => this.#instances.get(id)?.instance ?? undescribed(id));
  }

  /** Has EC2 asked of those members of the region of which nothing is known, after all that somebody waits for. */
  fill(): void {
    this.#instances.fill(this.#picture.everyMember());
  }

  #mayStillBeServed({ goodUntil }: CachedInstance): boolean {
    return this.#clock.now() - goodUntil <= this.#maxStaleMs;
  }

  /** One call can renew 200 descriptions: those that expired with these, of load balancers that are in use. */
  *#expiredOfThoseRead(now: number): Generator<InstanceId> {
    for (const id of this.#picture.membersReadSince(now - maxAgeMs)) {
      const entry = this.#instances.get(id);
      if (entry !== undefined && entry.goodUntil <= now) yield id;
    }
  }

  /** What else is unknown may come along in a call for those that somebody waits for. */
  *#undescribedMembers(): Generator<InstanceId> {
    for (const id of this.#picture.everyMember()) if (this.#instances.get(id) === undefined) yield id;
  }
}
