import { type AwsTrace, startTrace } from '../../telemetry/aws-trace.ts';
import type { Clock } from '../../clock.ts';
import type { HealthReader } from './health-reader.ts';
import type { ElbName, InstanceId, Members } from '../instance.ts';
import type { RecentChanges } from './recent-changes.ts';

/** An instance that was detached and still drains its connections. */
export interface Draining {
  /** The latest end of the draining; undefined where the load balancer's draining timeout is not known. */
  readonly until: Date | undefined;
}

/** The time that these facts may add to an answer, in milliseconds. */
const patienceMs = 2000;

/** Finds out which instances still drain. AWS is asked only where this process has seen a detach or the draining. */
export class DrainingCheck {
  readonly #changes: RecentChanges;
  readonly #reads: HealthReader;
  readonly #clock: Clock;

  constructor(changes: RecentChanges, reads: HealthReader, clock: Clock) {
    this.#changes = changes;
    this.#reads = reads;
    this.#clock = clock;
  }

  /**
   * Returns those of the instances that drain, or may, where AWS does not answer within two seconds. Never throws.
   * The AWS request ids are added to `trace`.
   */
  async of(elbName: ElbName, instanceIds: Members, trace: AwsTrace): Promise<Map<InstanceId, Draining>> {
    const suspects = instanceIds.filter((id) => this.#changes.get(elbName, id).drainingSince !== undefined);
    if (suspects.length === 0) return new Map();
    const own = startTrace(this.#clock, patienceMs);
    const seconds = await this.#reads.drainingTimeouts.of(elbName, own);
    const found = new Map<InstanceId, Draining>();
    for (const id of suspects) {
      const draining = this.#endOf(elbName, id, seconds);
      if (draining !== undefined) found.set(id, draining);
    }
    if (found.size > 0) {
      // An instance that was not in service, or has no connection left, does not drain.
      const health = await this.#reads.some(elbName, [...found.keys()], own).catch(() => undefined);
      if (health !== undefined)
        for (const id of found.keys()) if (health.get(id)?.condition !== 'draining') found.delete(id);
    }
    trace.requestIds.push(...own.requestIds);
    return found;
  }

  #endOf(elbName: ElbName, instanceId: InstanceId, seconds: number | undefined): Draining | undefined {
    const { drainingSince } = this.#changes.get(elbName, instanceId);
    if (drainingSince === undefined) return undefined;
    if (seconds === undefined) return { until: undefined };
    const leftMs = drainingSince + seconds * 1000 - this.#clock.now();
    return leftMs > 0 ? { until: new Date(this.#clock.epochMs() + leftMs) } : undefined;
  }
}
