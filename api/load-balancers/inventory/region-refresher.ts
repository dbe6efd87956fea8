import { type AwsTrace, startTrace } from '../../telemetry/aws-trace.ts';
import type { Logger } from '../../telemetry/logger.ts';
import { type Clock } from '../../clock.ts';
import { Coalescer, type SharedCall } from '../../async/coalescer.ts';
import type { LoadBalancerGateway } from '../load-balancer-gateway.ts';
import { OutageTracker } from './outage-tracker.ts';
import { withinDeadline } from '../../async/deadlines.ts';
import type { RegionCache } from './region-cache.ts';

const probeEveryMs = 1000;
/** How long before a list expires it may be read anew, at most: earlier, AWS would be asked noticeably more often. */
const longestLeadMs = 150;

export interface RegionRefresherOptions {
  /** How old what is known may be before it is read anew, in milliseconds. */
  readonly maxAgeMs: number;
  /** How long after the last reader AWS is still probed, in milliseconds. */
  readonly maxStaleMs: number;
  /** What a read may take before anything is known, in milliseconds. */
  readonly firstDeadlineMs: number;
  /** What a read may take while known lists can be served instead, in milliseconds. */
  readonly deadlineMs: number;
  readonly clock: Clock;
}

/** Reads the region into the picture: one call at a time, ahead of need, and by probes while AWS fails. */
export class RegionRefresher {
  readonly #gateway: LoadBalancerGateway;
  readonly #picture: RegionCache;
  readonly #options: RegionRefresherOptions;
  readonly #learned: () => void;
  readonly #outage: OutageTracker;
  readonly #clock: Clock;
  readonly #reads: Coalescer<readonly string[]>;
  /** Cancels the next probe; undefined where AWS does not fail. */
  #cancelProbe: (() => void) | undefined;
  #wantedAt = -Infinity;
  /** How long before a list expires it is read anew, so that nobody who reads on waits for it. */
  #leadMs = 0;

  /** `learned` is called each time the picture has become new. */
  constructor(
    gateway: LoadBalancerGateway,
    picture: RegionCache,
    logger: Logger,
    options: RegionRefresherOptions,
    learned: () => void,
  ) {
    this.#gateway = gateway;
    this.#picture = picture;
    this.#options = options;
    this.#learned = learned;
    this.#outage = new OutageTracker('load balancers', logger);
    this.#clock = options.clock;
    this.#reads = new Coalescer((call) => this.#read(call), { clock: options.clock });
  }

  /** Why AWS does not tell of the region at present, while it is probed; else undefined. */
  get failure(): unknown {
    return this.#cancelProbe === undefined ? undefined : this.#outage.error;
  }

  /** Somebody reads: should AWS fail, it is worth a probe for a while. */
  wanted(now: number): void {
    this.#wantedAt = now;
  }

  /**
   * Resolves once the picture has what AWS tells in a call that left at `since` or later, with AWS's ids of the calls
   * in the trace. Throws what the gateway throws, and `aws_unreachable` at the trace's deadline.
   */
  async since(since: number, trace: AwsTrace): Promise<void> {
    const { value } = await withinDeadline(this.#reads.join(since), 'the load balancers', trace);
    trace.requestIds.push(...value);
  }

  /** Milliseconds for which the call under way has been out; 0 where there is none. */
  get outFor(): number {
    return this.#reads.outFor;
  }

  /** Reads the region anew if what was told at `asOf` is about to expire. */
  ahead(asOf: number, now: number): void {
    if (now < asOf + this.#options.maxAgeMs - this.#leadMs) return;
    if (this.#reads.idle && this.#cancelProbe === undefined) this.again();
  }

  /** Reads the region anew. Nobody waits for it, and the outage tells the log of a failure. */
  again(): void {
    this.#reads.join(this.#clock.now()).catch(() => undefined);
  }

  /** Ends the probes. */
  close(): void {
    this.#cancelProbe?.();
    this.#cancelProbe = undefined;
  }

  /** Returns AWS's ids of the calls. */
  async #read(call: SharedCall): Promise<readonly string[]> {
    const probe = this.#cancelProbe !== undefined;
    const trace = startTrace(this.#clock, probe ? probeEveryMs : this.#deadlineMs, {
      probe,
      sent: call.sent,
    });
    try {
      this.#picture.learnRegion(await this.#gateway.describeRegion(trace), call.asOf);
    } catch (error) {
      this.#outage.begin(error);
      if (this.#cancelProbe === undefined) this.#planProbe();
      throw error;
    }
    // Twice what it took, since the next one may take longer.
    this.#leadMs = Math.min(2 * (this.#clock.now() - call.asOf), longestLeadMs, this.#options.maxAgeMs / 4);
    this.#outage.end();
    this.close();
    this.#learned();
    return trace.requestIds;
  }

  /** Without a picture, readers have nothing but the answer to wait for. */
  get #deadlineMs(): number {
    const { firstDeadlineMs, deadlineMs } = this.#options;
    return this.#picture.regionAsOf === -Infinity ? firstDeadlineMs : Math.min(deadlineMs, firstDeadlineMs);
  }

  #planProbe(): void {
    this.#cancelProbe = this.#clock.after(probeEveryMs, () => {
      this.#probeForReaders();
    });
  }

  /** While AWS fails, reads are served known lists and make no call, so this probes AWS, as long as there are reads. */
  #probeForReaders(): void {
    if (this.#clock.now() - this.#wantedAt > this.#options.maxStaleMs) {
      this.close();
      return;
    }
    this.again();
    this.#planProbe();
  }
}
