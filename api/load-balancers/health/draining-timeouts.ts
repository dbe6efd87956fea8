import { LRUCache } from 'lru-cache';
import { type AwsTrace, startTrace } from '../../telemetry/aws-trace.ts';
import type { Clock } from '../../clock.ts';
import type { LoadBalancerGateway } from '../load-balancer-gateway.ts';
import type { ElbName } from '../instance.ts';
import { withinDeadline } from '../../async/deadlines.ts';

const maxCached = 50;
const maxAgeMs = 300_000;
/** The time between a failed read and the next one, in milliseconds. */
const retryMs = 5000;

interface DrainingTimeout {
  /** Undefined if the read failed. */
  readonly seconds: number | undefined;
  readonly requestIds: readonly string[];
}

/** Reads the draining timeouts of load balancers, and caches them for minutes. */
export class DrainingTimeouts {
  readonly #timeouts: LRUCache<ElbName, DrainingTimeout>;

  constructor(gateway: Pick<LoadBalancerGateway, 'describeDraining'>, deadlineMs: number, clock: Clock) {
    this.#timeouts = new LRUCache<ElbName, DrainingTimeout>({
      max: maxCached,
      ttl: maxAgeMs,
      noDeleteOnStaleGet: true,
      perf: clock,
      // With any other value, the cache starts its own timer.
      ttlResolution: 0,
      fetchMethod: async (elbName, before, { options }) => {
        const trace = startTrace(clock, deadlineMs);
        try {
          const seconds = await gateway.describeDraining(elbName, trace);
          return { seconds, requestIds: trace.requestIds };
        } catch {
          // The ledger of AWS calls records the failure.
          options.ttl = retryMs;
          return { seconds: before?.seconds, requestIds: trace.requestIds };
        }
      },
    });
  }

  /**
   * Returns the draining timeout in seconds, or undefined if it is unknown. Concurrent callers share a call. Never
   * throws, because the timeout is optional in the response.
   */
  async of(elbName: ElbName, trace: AwsTrace): Promise<number | undefined> {
    const known = this.#timeouts.get(elbName);
    if (known !== undefined) return known.seconds;
    try {
      const read = this.#timeouts.forceFetch(elbName);
      const { seconds, requestIds } = await withinDeadline(
        read,
        'the attributes of the load balancer',
        trace,
      );
      trace.requestIds.push(...requestIds);
      return seconds;
    } catch {
      return this.#timeouts.peek(elbName, { allowStale: true })?.seconds;
    }
  }
}
