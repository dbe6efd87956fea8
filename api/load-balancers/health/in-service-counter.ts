import { DomainError } from '../../errors.ts';
import type { AwsTrace } from '../../telemetry/aws-trace.ts';
import type { Clock } from '../../clock.ts';
import { isHealthy } from '../member-health.ts';
import type { HealthReading, HealthReader } from './health-reader.ts';
import type { LoadBalancer } from '../load-balancer.ts';
import type { ElbName } from '../instance.ts';

/** The maximum age of a reading, in milliseconds: if no call may be made, and if calls may be made. */
const knownMaxAgeMs = 10_000;
const readMaxAgeMs = 1000;
const maxConcurrentCalls = 4;

export class InServiceCounter {
  readonly #reader: HealthReader;
  readonly #clock: Clock;

  constructor(reader: HealthReader, clock: Clock) {
    this.#reader = reader;
    this.#clock = clock;
  }

  /** Returns the counts from recent readings. Does not call AWS. */
  known(loadBalancers: readonly LoadBalancer[]): Map<ElbName, number> {
    const since = this.#clock.now() - knownMaxAgeMs;
    const counts = new Map<ElbName, number>();
    for (const loadBalancer of loadBalancers) {
      const reading = this.#reader.recent(loadBalancer.elbName, since);
      if (reading !== undefined) counts.set(loadBalancer.elbName, countOf(loadBalancer, reading));
    }
    return counts;
  }

  /**
   * Returns the counts from calls before the deadline of the trace, and from recent readings. Stops after the first
   * failed call, because all reads share the call budget.
   */
  async read(loadBalancers: readonly LoadBalancer[], trace: AwsTrace): Promise<Map<ElbName, number>> {
    const counts = this.known(loadBalancers);
    const left = loadBalancers.values();
    let failed = false;
    const readNext = async (): Promise<void> => {
      for (const loadBalancer of left) {
        if (failed || trace.deadline.aborted) return;
        try {
          const since = this.#clock.now() - readMaxAgeMs;
          const reading = await this.#reader.readAll(loadBalancer.elbName, since, 'ordinary', trace);
          counts.set(loadBalancer.elbName, countOf(loadBalancer, reading));
        } catch (error) {
          if (!(error instanceof DomainError)) throw error;
          if (error.code !== 'elb_not_found') failed = true;
        }
      }
    };
    await Promise.all(Array.from({ length: maxConcurrentCalls }, readNext));
    return counts;
  }
}

/** A reading also contains instances that are draining, which are not members. */
function countOf({ members }: LoadBalancer, { health }: HealthReading): number {
  const listed = new Set(members);
  return health.filter((one) => isHealthy(one) && listed.has(one.instanceId)).length;
}
