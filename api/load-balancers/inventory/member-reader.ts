import { Coalescer, type SharedCall } from '../../async/coalescer.ts';
import { withinDeadline } from '../../async/deadlines.ts';
import { KeyedCoalescer } from '../../async/keyed-coalescer.ts';
import { DomainError } from '../../errors.ts';
import { type AwsTrace, startTrace } from '../../telemetry/aws-trace.ts';
import type { Clock } from '../../clock.ts';
import { elbNotFound } from '../failures.ts';
import type { ElbName } from '../instance.ts';
import type { LoadBalancerGateway } from '../load-balancer-gateway.ts';
import type { Membership } from './membership.ts';
import type { RegionCache } from './region-cache.ts';
import type { RegionRefresher } from './region-refresher.ts';

/** The interval between reads of the region for unknown names, in milliseconds. */
const unknownEveryMs = 1000;

export interface MemberReaderDeps {
  readonly gateway: LoadBalancerGateway;
  readonly cache: RegionCache;
  readonly refresher: RegionRefresher;
  readonly region: string;
  /** The deadline for a shared call, in milliseconds. */
  readonly deadlineMs: number;
  readonly clock: Clock;
}

/** Reads single load balancers into the cache, for checks before changes and for names that are not cached. */
export class MemberReader {
  readonly #deps: MemberReaderDeps;
  readonly #reads: KeyedCoalescer<ElbName, readonly string[]>;
  readonly #unknownReads: Coalescer<readonly string[]>;
  #unknownReadAt = -Infinity;

  constructor(deps: MemberReaderDeps) {
    this.#deps = deps;
    const { clock } = deps;
    // The check for one change does not wait for the check for another change.
    this.#reads = new KeyedCoalescer((...read) => this.#read(...read), { clock, sideBySide: true });
    this.#unknownReads = new Coalescer((call) => this.#readForUnknown(call), { clock });
  }

  /** Returns the cached members. Throws `elb_not_found`. */
  cached(elbName: ElbName): Membership {
    const membership = this.#deps.cache.get(elbName);
    if (membership === undefined) throw elbNotFound(elbName, this.#deps.region);
    return membership;
  }

  /**
   * Reads the load balancer now. Concurrent callers share a call. Throws `elb_not_found`, and the errors of the
   * gateway.
   */
  async readNow(elbName: ElbName, trace: AwsTrace): Promise<void> {
    const read = this.#reads.join(elbName, this.#deps.clock.now());
    const { value } = await withinDeadline(read, 'the load balancer', trace);
    trace.requestIds.push(...value);
  }

  /**
   * Resolves if the load balancer exists. All unknown names share one read of the region per second. It is sent after
   * the request arrived, so that it includes new load balancers. Throws `elb_not_found`, and the errors of the gateway.
   */
  async requireKnown(elbName: ElbName, trace: AwsTrace): Promise<void> {
    const { cache, refresher, clock } = this.#deps;
    if (cache.get(elbName) !== undefined) return;
    const { failure } = refresher;
    if (failure !== undefined) throw failure as Error;
    const read = this.#unknownReads.join(clock.now());
    const { value } = await withinDeadline(read, 'the load balancers', trace);
    trace.requestIds.push(...value);
    this.cached(elbName);
  }

  /** Returns the AWS request ids. */
  async #readForUnknown(call: SharedCall): Promise<readonly string[]> {
    const { refresher, deadlineMs, clock } = this.#deps;
    const waitMs = this.#unknownReadAt + unknownEveryMs - clock.now();
    if (waitMs > 0) await new Promise<void>((resolve) => clock.after(waitMs, resolve));
    call.sent();
    this.#unknownReadAt = call.asOf;
    const trace = startTrace(clock, deadlineMs);
    await refresher.since(this.#unknownReadAt, trace);
    return trace.requestIds;
  }

  /** Returns the AWS request ids. */
  async #read(elbName: ElbName, call: SharedCall): Promise<readonly string[]> {
    const { gateway, cache, deadlineMs, clock } = this.#deps;
    const trace = startTrace(clock, deadlineMs, { sent: call.sent });
    try {
      cache.update(elbName, await gateway.describeLoadBalancer(elbName, trace), call.asOf);
      return trace.requestIds;
    } catch (error) {
      if (error instanceof DomainError && error.code === 'elb_not_found') cache.remove(elbName, call.asOf);
      throw error;
    }
  }
}
