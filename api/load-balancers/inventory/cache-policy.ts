import { fulfilledWithin } from '../../async/deadlines.ts';
import type { AwsTrace } from '../../telemetry/aws-trace.ts';
import type { Clock } from '../../clock.ts';
import type { ElbName } from '../instance.ts';
import type { InstanceList } from './lists.ts';
import { needsRead } from './membership.ts';
import type { RegionCache } from './region-cache.ts';
import type { RegionRefresher } from './region-refresher.ts';

/** How long a read waits for a refresh before it returns the cached list, in milliseconds. */
export const refreshWaitMs = 250;

/** The maximum age of the data in a response. */
export interface Freshness {
  /** The maximum age, in milliseconds. 0 requires a new AWS call. */
  readonly maxAgeMs?: number;
  /** Whether to also read the descriptions of the instances again. */
  readonly noCache?: boolean;
}

export interface CachePolicyOptions {
  /**
   * The maximum age of a list that is returned without an AWS call, in milliseconds. With 0, every read makes a call.
   */
  readonly maxAgeMs: number;
  /** The maximum age of a list that is returned while AWS calls fail, in milliseconds. */
  readonly maxStaleMs: number;
  readonly clock: Clock;
}

/** Decides whether the cached region is fresh enough for a read, and refreshes it if it is not. */
export class CachePolicy {
  readonly #cache: RegionCache;
  readonly #refresher: RegionRefresher;
  readonly #options: CachePolicyOptions;

  constructor(cache: RegionCache, refresher: RegionRefresher, options: CachePolicyOptions) {
    this.#cache = cache;
    this.#refresher = refresher;
    this.#options = options;
  }

  /**
   * Resolves when the load balancer (without a name, the whole region) is in the cache and as fresh as required at
   * `now`. Older data is sufficient if AWS calls fail and the caller allows it. Returns the value for `how` in the
   * list. Throws the errors of the gateway.
   */
  async refresh(
    elbName: ElbName | undefined,
    { maxAgeMs = Infinity, noCache = false }: Freshness,
    now: number,
    trace: AwsTrace,
  ): Promise<InstanceList['how']> {
    const { clock } = this.#options;
    this.#refresher.noteRead(now);
    const oldest = noCache ? now : now - maxAgeMs;
    const since = Math.max(oldest, now - this.#options.maxAgeMs);
    const known = elbName === undefined ? this.#cache.wholeRegion : this.#cache.get(elbName);
    const doubtful = known !== undefined && needsRead(known);
    const asOf = known === undefined ? this.#cache.regionAsOf : known.asOf;
    if (!doubtful && asOf >= since) {
      this.#refresher.refreshAhead(asOf, clock.now());
      return 'hit';
    }
    const demanded = known !== undefined && known.asOf < oldest;
    const servable = known !== undefined && !demanded && clock.now() - known.asOf <= this.#options.maxStaleMs;
    const { failure } = this.#refresher;
    if (failure !== undefined) {
      if (servable) return 'stale';
      throw failure as Error;
    }
    // A refresh that was sent before the members became doubtful does not remove the doubt.
    const refreshed = this.#refresher.since(doubtful ? Math.max(since, known.doubtedAt) : since, trace);
    if (!servable) await refreshed;
    else if (!(await fulfilledWithin(refreshed, refreshWaitMs - this.#refresher.inFlightMs, clock)))
      return 'stale';
    return known === undefined ? 'miss-unknown' : demanded ? 'miss-on-request' : 'miss-expired';
  }
}
