import { isDeepStrictEqual } from 'node:util';
import { LRUCache } from 'lru-cache';
import { type AwsTrace, startTrace } from '../../telemetry/aws-trace.ts';
import type { Logger } from '../../telemetry/logger.ts';
import type { Clock } from '../../clock.ts';
import { type InstanceId, type MachineInfo, type Members, undescribed } from '../instance.ts';
import type { LoadBalancerGateway } from '../load-balancer-gateway.ts';
import { type Companions, LookupQueue } from './lookup-queue.ts';
import { OutageTracker } from './outage-tracker.ts';

/** The deadline for a probe while EC2 calls fail, in milliseconds. */
const probeMs = 1000;
/**
 * Each entry takes about 200 bytes. The default quotas for a region are 20 load balancers with 1,000 instances each.
 */
const maxCached = 30_000;

export interface InstanceCacheOptions {
  /** How long a description stays fresh, in milliseconds. */
  readonly maxAgeMs: number;
  /** How long the absence of a description stays fresh, in milliseconds. */
  readonly unknownMaxAgeMs: number;
  /** The deadline for one call, in milliseconds. */
  readonly deadlineMs: number;
  readonly clock: Clock;
}

export interface CachedInstance {
  readonly instance: MachineInfo;
  /** The time at which the call that returned it was sent. */
  readonly asOf: number;
  readonly freshUntil: number;
}

/** Reads the EC2 descriptions of instances and caches them. */
export class InstanceCache {
  readonly outage: OutageTracker;
  readonly #gateway: LoadBalancerGateway;
  readonly #options: InstanceCacheOptions;
  readonly #clock: Clock;
  readonly #entries = new LRUCache<InstanceId, CachedInstance>({ max: maxCached });
  readonly #queue = new LookupQueue((...look) => this.#look(...look));
  /** The time at which the last call started. */
  lastCallAt = -Infinity;

  constructor(gateway: LoadBalancerGateway, logger: Logger, options: InstanceCacheOptions) {
    this.#gateway = gateway;
    this.#options = options;
    this.#clock = options.clock;
    this.outage = new OutageTracker('DescribeInstances', logger);
  }

  /** Returns the cached description, regardless of its age. */
  get(instanceId: InstanceId): CachedInstance | undefined {
    return this.#entries.get(instanceId);
  }

  get busy(): boolean {
    return this.#queue.busy;
  }

  /**
   * Resolves when the responses for these instances are cached, from calls that were sent at `since` or later. Adds the
   * AWS request ids to the trace. Throws the errors of the gateway.
   */
  async load(
    ids: readonly InstanceId[],
    since: number,
    trace: AwsTrace,
    companions: Companions = {},
  ): Promise<void> {
    const requestIds = await Promise.all(this.#queue.urgent(ids, since, companions));
    trace.requestIds.push(...requestIds.flat());
  }

  /** Queues low-priority lookups of the instances that are not cached, unless EC2 calls fail. */
  fill(ids: Iterable<InstanceId>): void {
    if (this.outage.error !== undefined) return;
    const unknown: InstanceId[] = [];
    const room = maxCached - this.#entries.size;
    for (const id of ids) {
      if (unknown.length >= room) break;
      if (!this.#entries.has(id) && !this.#queue.has(id)) unknown.push(id);
    }
    // The outage tracker logs failures.
    for (const result of this.#queue.background(unknown)) result.catch(() => undefined);
  }

  /** Returns the AWS request ids. */
  async #look(ids: Members, sent: (at: number) => void): Promise<readonly string[]> {
    const probe = this.outage.error !== undefined;
    let asOf = this.#clock.now();
    const trace = startTrace(this.#clock, probe ? probeMs : this.#options.deadlineMs, {
      probe,
      sent: () => {
        asOf = this.#clock.now();
        sent(asOf);
      },
    });
    this.lastCallAt = asOf;
    try {
      const described = await this.#gateway.describeInstances(ids, trace);
      for (const id of ids) this.#update(id, described.get(id), asOf);
      this.outage.succeeded();
      return trace.requestIds;
    } catch (error) {
      this.outage.failed(error);
      throw error;
    }
  }

  #update(id: InstanceId, described: MachineInfo | undefined, asOf: number): void {
    const before = this.#entries.get(id);
    if (before !== undefined && before.asOf > asOf) return;
    const { maxAgeMs, unknownMaxAgeMs } = this.#options;
    const instance = described ?? undescribed(id);
    this.#entries.set(id, {
      // If nothing has changed, keep the same object, so that readers can compare by identity.
      instance:
        before !== undefined && isDeepStrictEqual(before.instance, instance) ? before.instance : instance,
      asOf,
      freshUntil: this.#clock.now() + (described === undefined ? unknownMaxAgeMs : maxAgeMs),
    });
  }
}
