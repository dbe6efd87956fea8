import { LRUCache } from 'lru-cache';
import { type AwsTrace, startTrace } from '../../telemetry/aws-trace.ts';
import type { Clock } from '../../clock.ts';
import type { LoadBalancerGateway } from '../load-balancer-gateway.ts';
import type { ElbName } from '../instance.ts';
import { withinDeadline } from '../../async/deadlines.ts';

/** Load balancers whose time-out is kept. */
const mostKept = 50;
const maxAgeMs = 300_000;
/** The least time between a failed read and the next one, in milliseconds. */
const retryMs = 5000;

interface DrainingTimeout {
  /** Undefined where AWS has not answered. */
  readonly seconds: number | undefined;
  /** AWS's ids of the call. */
  readonly requestIds: readonly string[];
}

/** The draining time-outs of load balancers, as AWS answered them within the last minutes. */
export class DrainingTimeouts {
  readonly #timeouts: LRUCache<ElbName, DrainingTimeout>;

  constructor(gateway: Pick<LoadBalancerGateway, 'describeDraining'>, deadlineMs: number, clock: Clock) {
    this.#timeouts = new LRUCache<ElbName, DrainingTimeout>({
      max: mostKept,
      ttl: maxAgeMs,
      noDeleteOnStaleGet: true,
      perf: clock,
      // Without it, the cache reads the time by a timer of its own.
      ttlResolution: 0,
      fetchMethod: async (elbName, before, { options }) => {
        const trace = startTrace(clock, deadlineMs);
        try {
          const seconds = await gateway.describeDraining(elbName, trace);
          return { seconds, requestIds: trace.requestIds };
        } catch {
          // The ledger counts the failure.
          options.ttl = retryMs;
          return { seconds: before?.seconds, requestIds: trace.requestIds };
        }
      },
    });
  }

  /**
   * Returns for how many seconds AWS drains connections at most; undefined where that is not known. All callers share
   * one call. Never throws: the rest of their answers is worth more than this one fact.
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
