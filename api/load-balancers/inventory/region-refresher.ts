import { Coalescer, type SharedCall } from '../../async/coalescer.ts';
import { withinDeadline } from '../../async/deadlines.ts';
import { type AwsTrace, startTrace } from '../../telemetry/aws-trace.ts';
import type { Logger } from '../../telemetry/logger.ts';
import type { Clock } from '../../clock.ts';
import type { LoadBalancerGateway } from '../load-balancer-gateway.ts';
import { OutageTracker } from './outage-tracker.ts';
import type { RegionCache } from './region-cache.ts';

const probeEveryMs = 1000;
/** A list is refreshed at most this long before it expires. A longer time would cause many additional calls. */
const maxLeadMs = 150;

export interface RegionRefresherOptions {
  /** The age at which the region is read again, in milliseconds. */
  readonly maxAgeMs: number;
  /** How long probes continue after the last read of a list, in milliseconds. */
  readonly maxStaleMs: number;
  /** The deadline for a call while the cache is empty, in milliseconds. */
  readonly firstDeadlineMs: number;
  /** The deadline for a call while cached lists can be returned, in milliseconds. */
  readonly deadlineMs: number;
  readonly clock: Clock;
}

/**
 * Reads the region into the cache, with one call at a time: on demand, shortly before the data expires, and as a probe
 * while AWS calls fail.
 */
export class RegionRefresher {
  readonly #gateway: LoadBalancerGateway;
  readonly #cache: RegionCache;
  readonly #options: RegionRefresherOptions;
  readonly #refreshed: () => void;
  readonly #outage: OutageTracker;
  readonly #clock: Clock;
  readonly #reads: Coalescer<readonly string[]>;
  /** Cancels the next probe. Undefined while AWS calls succeed. */
  #cancelProbe: (() => void) | undefined;
  #lastReadAt = -Infinity;
  #leadMs = 0;

  /** `refreshed` is called after each update of the cache. */
  constructor(
    gateway: LoadBalancerGateway,
    cache: RegionCache,
    logger: Logger,
    options: RegionRefresherOptions,
    refreshed: () => void,
  ) {
    this.#gateway = gateway;
    this.#cache = cache;
    this.#options = options;
    this.#refreshed = refreshed;
    this.#outage = new OutageTracker('DescribeLoadBalancers', logger);
    this.#clock = options.clock;
    this.#reads = new Coalescer((call) => this.#read(call), { clock: options.clock });
  }

  /** The last failure while the region is probed; otherwise undefined. */
  get failure(): unknown {
    return this.#cancelProbe === undefined ? undefined : this.#outage.error;
  }

  /** Records that a list is read at `now`. Probes continue for `maxStaleMs` after the last read. */
  noteRead(now: number): void {
    this.#lastReadAt = now;
  }

  /**
   * Resolves when the cache contains the response to a call that was sent at `since` or later, and adds the AWS request
   * ids to the trace. Throws the errors of the gateway, and `aws_unreachable` at the deadline of the trace.
   */
  async since(since: number, trace: AwsTrace): Promise<void> {
    const { value } = await withinDeadline(this.#reads.join(since), 'the load balancers', trace);
    trace.requestIds.push(...value);
  }

  /** How long the current call has been in flight, in milliseconds; 0 if no call is in flight. */
  get inFlightMs(): number {
    return this.#reads.inFlightMs;
  }

  /** Refreshes the region if data from `asOf` is about to expire. */
  refreshAhead(asOf: number, now: number): void {
    if (now < asOf + this.#options.maxAgeMs - this.#leadMs) return;
    if (this.#reads.idle && this.#cancelProbe === undefined) this.refresh();
  }

  /** Refreshes the region in the background. The outage tracker logs failures. */
  refresh(): void {
    this.#reads.join(this.#clock.now()).catch(() => undefined);
  }

  close(): void {
    this.#cancelProbe?.();
    this.#cancelProbe = undefined;
  }

  /** Returns the AWS request ids. */
  async #read(call: SharedCall): Promise<readonly string[]> {
    const probe = this.#cancelProbe !== undefined;
    const deadlineMs = probe ? probeEveryMs : this.#deadlineMs;
    const trace = startTrace(this.#clock, deadlineMs, { probe, sent: call.sent });
    try {
      this.#cache.updateRegion(await this.#gateway.describeRegion(trace), call.asOf);
    } catch (error) {
      this.#outage.failed(error);
      if (this.#cancelProbe === undefined) this.#scheduleProbe();
      throw error;
    }
    // Use twice the duration of this call, because the next call may take longer.
    this.#leadMs = Math.min(2 * (this.#clock.now() - call.asOf), maxLeadMs, this.#options.maxAgeMs / 4);
    this.#outage.succeeded();
    this.close();
    this.#refreshed();
    return trace.requestIds;
  }

  get #deadlineMs(): number {
    const { firstDeadlineMs, deadlineMs } = this.#options;
    return this.#cache.regionAsOf === -Infinity ? firstDeadlineMs : Math.min(deadlineMs, firstDeadlineMs);
  }

  #scheduleProbe(): void {
    this.#cancelProbe = this.#clock.after(probeEveryMs, () => {
      this.#probe();
    });
  }

  /** Reads do not call AWS while AWS calls fail, so probes refresh the cache as long as lists are read. */
  #probe(): void {
    if (this.#clock.now() - this.#lastReadAt > this.#options.maxStaleMs) {
      this.close();
      return;
    }
    this.refresh();
    this.#scheduleProbe();
  }
}
